# Refreshes cut short: the same few rounds in each run. tests/lab/kill.sh runs others and more of them.
add_executable(lab_kill kill.cc moved_tags.cc)
target_link_libraries(lab_kill PRIVATE
  tagdrift::lab tagdrift::lab_check fmt::fmt nlohmann_json::nlohmann_json GTest::gtest)
foreach(version ${TAGDRIFT_LAB_VERSIONS})
  string(REPLACE "." "_" suffix ${version})
  add_test(NAME lab.kill.${suffix} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sandbox.sh $<TARGET_FILE:lab_kill>)
  set_tests_properties(lab.kill.${suffix} PROPERTIES
    ENVIRONMENT TAGDRIFT_LAB_CONTAINERD=${version}
    SKIP_REGULAR_EXPRESSION "LAB SKIPPED:"
    LABELS lab TIMEOUT 300)
endforeach()
