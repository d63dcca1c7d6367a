# Writes the device descriptions INPUTS into OUTPUT as {name, text} entries, so
# that the tools need no file beside them.
set(text "")
foreach(input ${INPUTS})
  get_filename_component(name ${input} NAME_WE)
  file(READ ${input} json)
  string(APPEND text "{\"${name}\", R\"ECLIPJSON(${json})ECLIPJSON\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
