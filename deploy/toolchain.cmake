# For `cmake --toolchain`: builds for TAGDRIFT_ARCH, amd64 or arm64. Where that is another architecture than this Debian's, with Debian's
# cross compiler and the packages installed for it. Empty, or this machine's own, changes nothing.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TAGDRIFT_ARCH)
set(processor_amd64 x86_64)
set(processor_arm64 aarch64)
if(TAGDRIFT_ARCH AND NOT DEFINED processor_${TAGDRIFT_ARCH})
  message(FATAL_ERROR "TAGDRIFT_ARCH is '${TAGDRIFT_ARCH}', neither amd64 nor arm64")
endif()
if(TAGDRIFT_ARCH AND NOT CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL processor_${TAGDRIFT_ARCH})
  set(CMAKE_SYSTEM_NAME Linux)
  set(CMAKE_SYSTEM_PROCESSOR ${processor_${TAGDRIFT_ARCH}})
  set(CMAKE_CXX_COMPILER ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-g++)
  set(PKG_CONFIG_EXECUTABLE /usr/bin/${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-pkg-config)
  set(CMAKE_EXE_LINKER_FLAGS_INIT -fuse-ld=bfd) # a cross compiler does not find Debian's mold
endif()
