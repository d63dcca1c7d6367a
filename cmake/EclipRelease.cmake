# The tools of a release archive: the same objects and libraries of ours as the
# tools of the build, linked once more, with LLVM and MLIR from their static
# archives and only what is used of them. A machine without LLVM packages runs
# them, and they take a quarter of libLLVM.so and libMLIR.so.
#
# Built by the target `release` only. Nothing here links a dynamic library of
# LLVM: two copies in one process would register every option twice.

find_library(ECLIP_STATIC_ZSTD NAMES libzstd.a REQUIRED)
find_library(ECLIP_ONNX_PROTO NAMES onnx_proto REQUIRED)
find_library(ECLIP_PROTOBUF NAMES protobuf REQUIRED)
file(GLOB release_mlir ${LLVM_LIBRARY_DIR}/libMLIR*.a)
file(GLOB release_llvm ${LLVM_LIBRARY_DIR}/libLLVM*.a)
set(release_dir ${CMAKE_BINARY_DIR}/release)

add_library(release_unused_parts OBJECT EXCLUDE_FROM_ALL
  ${CMAKE_CURRENT_LIST_DIR}/release/UnusedParts.cpp)
target_include_directories(release_unused_parts SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
target_compile_options(release_unused_parts PRIVATE -fno-exceptions)

# release_libraries(OUT TARGET): the static libraries of ours that TARGET links,
# itself or through others.
function(release_libraries out target)
  set(found)
  set(queue ${target})
  set(seen ${target})
  while(queue)
    list(POP_FRONT queue item)
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(type ${item} TYPE)
      if(type STREQUAL INTERFACE_LIBRARY AND property STREQUAL LINK_LIBRARIES)
        continue()
      endif()
      get_target_property(libraries ${item} ${property})
      foreach(library ${libraries})
        string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" library "${library}")
        if(NOT TARGET ${library} OR library IN_LIST seen)
          continue()
        endif()
        get_target_property(imported ${library} IMPORTED)
        if(imported)
          continue()
        endif()
        list(APPEND seen ${library})
        list(APPEND queue ${library})
        get_target_property(type ${library} TYPE)
        if(type STREQUAL STATIC_LIBRARY)
          list(APPEND found ${library})
        endif()
      endforeach()
    endforeach()
  endwhile()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# release_link(NAME TARGET LIBRARY...): what NAME links in place of what TARGET
# does. lld takes archives in any order and resolves them lazily.
function(release_link name target)
  release_libraries(ours ${target})
  foreach(library ${ours})
    list(APPEND files $<TARGET_FILE:${library}>)
    add_dependencies(${name} ${library})
  endforeach()
  target_link_libraries(${name} PRIVATE ${files} ${ARGN}
    ${LLVM_LIBRARY_DIR}/liblldELF.a ${LLVM_LIBRARY_DIR}/liblldCommon.a
    ${release_mlir} ${release_llvm} ${ECLIP_STATIC_ZSTD} z ${CMAKE_DL_LIBS})
  target_link_options(${name} PRIVATE -fuse-ld=lld -Wl,--gc-sections -Wl,--as-needed
    -Wl,--strip-all)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  add_dependencies(release ${name})
endfunction()

# release_tool(TARGET LIBRARY...): bin/TARGET; LIBRARY: shared ones that go along.
function(release_tool target)
  add_executable(release_${target} EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${target}>
    $<TARGET_OBJECTS:release_unused_parts>)
  release_link(release_${target} ${target} ${ARGN})
  set_target_properties(release_${target} PROPERTIES OUTPUT_NAME ${target}
    RUNTIME_OUTPUT_DIRECTORY ${release_dir}/bin
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
endfunction()

add_custom_target(release)
release_tool(eclip-compile ${ECLIP_ONNX_PROTO} ${ECLIP_PROTOBUF})
release_tool(eclip-opt ${ECLIP_ONNX_PROTO} ${ECLIP_PROTOBUF})
release_tool(eclip-dump)
release_tool(eclip-profile $<TARGET_FILE:eclip> ${ECLIP_ONNX_PROTO} ${ECLIP_PROTOBUF})
add_dependencies(release eclip eclip-run eclip-bench)
file(GENERATE OUTPUT ${release_dir}/bundled.txt
  CONTENT "${ECLIP_ONNX_PROTO}\n${ECLIP_PROTOBUF}\n")

if(TARGET eclip_vgpu_hsa)
  # The virtual GPU: its objects come by name, its version script from its own target.
  add_library(release_vgpu SHARED EXCLUDE_FROM_ALL $<TARGET_OBJECTS:eclip_vgpu_hsa_objects>)
  release_link(release_vgpu eclip_vgpu_hsa)
  get_target_property(vgpu_options eclip_vgpu_hsa LINK_OPTIONS)
  target_link_options(release_vgpu PRIVATE ${vgpu_options})
  set_target_properties(release_vgpu PROPERTIES OUTPUT_NAME hsa-runtime64 SOVERSION 1
    LIBRARY_OUTPUT_DIRECTORY ${release_dir}/lib/vgpu BUILD_WITH_INSTALL_RPATH ON)
endif()
