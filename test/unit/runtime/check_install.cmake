# usage: cmake -DBUILD=... -DCC=... -DPROGRAM=c_program.c -DOUT=DIR
#              -P check_install.cmake
#
# Installs the runtime, then builds and runs a C99 program against the installed
# tree alone.
file(REMOVE_RECURSE ${OUT})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --component runtime
  --prefix ${OUT}/tree OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE library ${OUT}/tree/libeclip.so)
get_filename_component(folder ${library} DIRECTORY)
execute_process(COMMAND ${CC} -std=c99 -Wall -Wextra -pedantic -Werror
  -I${OUT}/tree/include ${PROGRAM} -L${folder} -leclip -Wl,-rpath,${folder}
  -o ${OUT}/program COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${OUT}/program COMMAND_ERROR_IS_FATAL ANY)
