# Actions raced by another client: a few races in each run. tests/lab/race.sh holds one before each single call.
tagdrift_lab_executable(lab_race
  SOURCES race.cc race_rival.cc moved_tags.cc step_proxy.cc
  LIBS tagdrift::lab_check fmt::fmt gRPC::grpc++ nlohmann_json::nlohmann_json GTest::gtest)
tagdrift_lab_run(race lab_race LONG)

tagdrift_lab_test(together LONG SOURCES race_together_lab_test.cc moved_tags.cc step_proxy.cc LIBS tagdrift::lab_check gRPC::grpc++)
