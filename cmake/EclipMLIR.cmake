# MLIR, and how a library of the compiler is made.
#
# The dynamic libMLIR and libLLVM are linked; mixing in a static MLIR library
# would register every option and dialect twice.
list(APPEND CMAKE_PREFIX_PATH /usr/lib/llvm-22)
find_package(MLIR 22.1 REQUIRED CONFIG)
find_package(LLD 22.1 REQUIRED CONFIG)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
separate_arguments(ECLIP_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")

add_library(eclip_mlir INTERFACE)
target_include_directories(eclip_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_include_directories(eclip_mlir INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(eclip_mlir INTERFACE ${ECLIP_LLVM_DEFINITIONS})
target_compile_options(eclip_mlir INTERFACE -fno-exceptions)
target_link_libraries(eclip_mlir INTERFACE MLIR LLVM)

# One precompiled header of MLIR's own headers (never ours) for all compiler
# libraries: it takes the parsing of MLIR from about 10 s a file to 2.
file(WRITE ${CMAKE_BINARY_DIR}/cmake/eclip_pch.cpp "")
add_library(eclip_mlir_pch OBJECT ${CMAKE_BINARY_DIR}/cmake/eclip_pch.cpp)
target_link_libraries(eclip_mlir_pch PRIVATE eclip_mlir)
target_precompile_headers(eclip_mlir_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/mlir_pch.h)

# eclip_compiler_library(NAME SOURCES... [DEPENDS target...] [LINK lib...] [NO_PCH])
function(eclip_compiler_library name)
  cmake_parse_arguments(ARG "NO_PCH" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC eclip_mlir ${ARG_LINK})
  if(NOT ARG_NO_PCH)
    target_precompile_headers(${name} REUSE_FROM eclip_mlir_pch)
  endif()
  if(TARGET EclipDialectIncGen)
    add_dependencies(${name} EclipDialectIncGen)
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# eclip_compiler_tool(NAME SOURCES... LINK lib...): executables are compiled as
# PIE and so can't share the libraries' precompiled header; keep them thin.
function(eclip_compiler_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE eclip_mlir ${ARG_LINK})
  add_dependencies(${name} EclipDialectIncGen)
endfunction()
