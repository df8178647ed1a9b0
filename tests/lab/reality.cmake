# Forecasts against reality: random scenarios, the same ones in each run. tests/lab/reality.sh runs others and more of them.
add_executable(lab_reality
  reality.cc scenario.cc scenario_artifacts.cc scenario_stage.cc)
target_link_libraries(lab_reality PRIVATE
  tagdrift::lab tagdrift::lab_check tagdrift::image fmt::fmt nlohmann_json::nlohmann_json GTest::gtest)
foreach(version ${TAGDRIFT_LAB_VERSIONS})
  string(REPLACE "." "_" suffix ${version})
  add_test(NAME lab.reality.${suffix} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sandbox.sh $<TARGET_FILE:lab_reality>)
  # Environment variables ask for thousands.
  set_tests_properties(lab.reality.${suffix} PROPERTIES
    ENVIRONMENT TAGDRIFT_LAB_CONTAINERD=${version}
    SKIP_REGULAR_EXPRESSION "LAB SKIPPED:"
    LABELS lab TIMEOUT 7200)
endforeach()
