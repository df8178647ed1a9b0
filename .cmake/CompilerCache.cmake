# ccache, unless a launcher is set already, be it to nothing (-DCMAKE_CXX_COMPILER_LAUNCHER=). CMake itself takes over the environment's.
# ccache caches what uses precompiled headers only with this sloppiness, which its manual asks for. Depend mode spares a second
# preprocessor run of each file.
if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CCACHE ccache)
  if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 ${CCACHE})
    # Otherwise clang refuses precompiled headers out of the cache.
    add_compile_options("$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()
