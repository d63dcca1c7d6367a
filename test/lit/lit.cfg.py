"""lit configuration: the test suite of the compiler's passes and of the tools."""
import os
import lit.formats

config.name = "eclip"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.eclip_build_dir, "test", "lit")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.eclip_build_dir, "bin"), config.llvm_tools_dir, os.environ["PATH"]])
config.environment["ECLIP_CACHE_DIR"] = os.path.join(config.test_exec_root, "kernel-cache")
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%source", config.eclip_source_dir))
config.substitutions.append(("%build", config.eclip_build_dir))
for name in ("HOME", "LD_LIBRARY_PATH"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
