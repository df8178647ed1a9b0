# The fastest linker there is, unless the user's flags name one. GNU's puts the functions that run once, at the start, beside each other;
# of these two that has to be asked: a program that does little has 7 MiB less in memory then.
if(NOT "${CMAKE_EXE_LINKER_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fuse-ld=")
  find_program(MOLD mold)
  find_program(LLD ld.lld)
  if(MOLD)
    add_link_options(-fuse-ld=mold -Wl,-z,keep-text-section-prefix)
  elseif(LLD)
    add_link_options(-fuse-ld=lld -Wl,-z,keep-text-section-prefix)
  endif()
endif()
