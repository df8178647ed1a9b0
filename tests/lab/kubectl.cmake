# The commands that the report prints, pasted into a real kubectl. Neither containerd nor the program takes part, so one run of one build
# is enough.
tagdrift_lab_executable(lab_kubectl_test
  SOURCES
    kubectl_lab_test.cc ../registry/test_server.cc ../report/rounds.cc
  LIBS
    tagdrift::report nlohmann_json::nlohmann_json OpenSSL::SSL OpenSSL::Crypto Threads::Threads GTest::gmock GTest::gtest)
add_test(NAME lab.kubectl COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sandbox.sh $<TARGET_FILE:lab_kubectl_test>)
set_tests_properties(lab.kubectl PROPERTIES SKIP_REGULAR_EXPRESSION "LAB SKIPPED:" LABELS lab-self TIMEOUT 600)
