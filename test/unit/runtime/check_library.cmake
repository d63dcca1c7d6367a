# usage: cmake -DLIBRARY=... -DSTRIP=... -DNM=... -DOUT=DIR -P check_library.cmake
#
# The stripped library stays within its budget, exports eclip_* and nothing else,
# and needs no C++ runtime library.
#
# Budget: 400 KB, from the requirements. Baseline at version 0.1.0: 108 KB. A
# raise needs a date, the new size and the reason here.
set(budget_bytes 409600)
file(MAKE_DIRECTORY ${OUT})
execute_process(COMMAND ${STRIP} -o ${OUT}/libeclip.stripped.so ${LIBRARY}
  COMMAND_ERROR_IS_FATAL ANY)
file(SIZE ${OUT}/libeclip.stripped.so bytes)
message("stripped library: ${bytes} bytes, budget ${budget_bytes}")
if(bytes GREATER_EQUAL budget_bytes)
  message(FATAL_ERROR "the library is over its budget")
endif()

execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY}
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" symbols "${symbols}")
foreach(line ${symbols})
  if(NOT line MATCHES " [A-Z] eclip_[a-z_]+$")
    message(FATAL_ERROR "unexpected exported symbol: ${line}")
  endif()
endforeach()

execute_process(COMMAND ${NM} -D --undefined-only ${LIBRARY}
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(symbols MATCHES "(_Z[A-Za-z0-9_]+|__cxa_throw|__gxx_personality[a-z0-9_]*)")
  message(FATAL_ERROR "the C++ library is needed: ${CMAKE_MATCH_1}")
endif()
