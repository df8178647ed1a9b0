# The registry client against real servers. No containerd takes part, so one run is enough. It is the client of this build that is
# tested, not a program that could be another build's, hence a label of its own.
tagdrift_lab_executable(lab_registry_test
  SOURCES
    registry_lab_fixture.cc registry_password_lab_test.cc registry_pull_through_lab_test.cc registry_tls_lab_test.cc
    registry_token_lab_test.cc signed_token.cc token_service.cc ../registry/test_server.cc
  LIBS
    tagdrift::registry nlohmann_json::nlohmann_json OpenSSL::SSL OpenSSL::Crypto Threads::Threads GTest::gmock GTest::gtest)
add_test(NAME lab.registry COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sandbox.sh $<TARGET_FILE:lab_registry_test>)
set_tests_properties(lab.registry PROPERTIES
  SKIP_REGULAR_EXPRESSION "LAB SKIPPED:" LABELS lab-library TIMEOUT 900 COST 100)
