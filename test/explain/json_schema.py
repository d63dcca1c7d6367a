"""Checks a value against the part of JSON Schema that docs/report.schema.json uses.

A keyword that is not among these is an error of the schema, not a pass.
"""
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KEYWORDS = {"$schema", "$defs", "$ref", "title", "description", "type", "properties", "required",
            "additionalProperties", "items", "enum", "const", "minimum", "anyOf"}


def has_type(value, name):
    if name in ("integer", "number"):
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def errors(value, schema, root, place="$"):
    """Yields one line for each thing in `value` that `schema` does not allow."""
    unknown = set(schema) - KEYWORDS
    if unknown:
        raise ValueError(f"the schema uses {sorted(unknown)}")
    if "$ref" in schema:
        yield from errors(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
        return
    if "anyOf" in schema:
        tries = [list(errors(value, option, root, place)) for option in schema["anyOf"]]
        if all(tries):
            yield from min(tries, key=len)
        return
    if "const" in schema and value != schema["const"]:
        yield f"{place}: is {value!r}, not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if "type" in schema and not has_type(value, schema["type"]):
        yield f"{place}: is no {schema['type']}"
        return
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{place}: {value} is below {schema['minimum']}"
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{place}: lacks {name}"
        for name, element in value.items():
            if name in properties:
                yield from errors(element, properties[name], root, f"{place}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{place}: {name} is not described"
    if isinstance(value, list) and "items" in schema:
        for index, element in enumerate(value):
            yield from errors(element, schema["items"], root, f"{place}[{index}]")
