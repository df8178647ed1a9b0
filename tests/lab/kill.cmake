# Refreshes cut short: the same few rounds in each run. tests/lab/kill.sh runs others and more of them.
tagdrift_lab_executable(lab_kill
  SOURCES kill.cc moved_tags.cc
  LIBS tagdrift::lab_check fmt::fmt nlohmann_json::nlohmann_json GTest::gtest)
tagdrift_lab_run(kill lab_kill LONG)
