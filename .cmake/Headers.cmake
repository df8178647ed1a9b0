# What a target sees of the modules. All public headers lie in include/tagdrift/<module> and all sources in src/<module>; links in the
# build tree give each module a root of its own on the include path, so that only what is linked can be included.

# tagdrift_public_headers(target scope module): <tagdrift/MODULE/….h> for the target, or for those that link it, as SCOPE says.
function(tagdrift_public_headers target scope module)
  set(root ${PROJECT_BINARY_DIR}/include/${module})
  file(MAKE_DIRECTORY ${root}/tagdrift)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/tagdrift/${module} ${root}/tagdrift/${module} SYMBOLIC)
  target_include_directories(${target} ${scope} ${root})
endfunction()

# tagdrift_private_headers(target module): "MODULE/….h" out of src/MODULE.
function(tagdrift_private_headers target module)
  set(root ${PROJECT_BINARY_DIR}/private/${module})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${module} ${root}/${module} SYMBOLIC)
  target_include_directories(${target} PRIVATE ${root})
endfunction()
