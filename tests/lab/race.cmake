# Actions raced by another client: a few races in each run. tests/lab/race.sh holds one before each single call.
add_executable(lab_race race.cc race_rival.cc moved_tags.cc step_proxy.cc)
target_link_libraries(lab_race PRIVATE
  tagdrift::lab tagdrift::lab_check fmt::fmt gRPC::grpc++ nlohmann_json::nlohmann_json GTest::gtest)
foreach(version ${TAGDRIFT_LAB_VERSIONS})
  string(REPLACE "." "_" suffix ${version})
  add_test(NAME lab.race.${suffix} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sandbox.sh $<TARGET_FILE:lab_race>)
  set_tests_properties(lab.race.${suffix} PROPERTIES
    ENVIRONMENT TAGDRIFT_LAB_CONTAINERD=${version}
    SKIP_REGULAR_EXPRESSION "LAB SKIPPED:"
    LABELS lab TIMEOUT 300)
endforeach()

tagdrift_lab_test(together SOURCES race_together_lab_test.cc moved_tags.cc step_proxy.cc LIBS tagdrift::lab_check gRPC::grpc++)
