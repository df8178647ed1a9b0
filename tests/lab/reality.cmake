# Forecasts against reality: random scenarios, the same ones in each run. tests/lab/reality.sh runs others and more of them.
tagdrift_lab_executable(lab_reality
  SOURCES reality.cc scenario.cc scenario_artifacts.cc scenario_stage.cc
  LIBS tagdrift::lab_check tagdrift::image fmt::fmt nlohmann_json::nlohmann_json GTest::gtest)
tagdrift_lab_run(reality lab_reality LONG TIMEOUT 7200) # environment variables ask for thousands
