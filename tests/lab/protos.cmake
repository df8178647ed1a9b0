# The published protos, as buf sees them. No build of the program takes part.
foreach(check lint breaking)
  add_test(NAME lab.protos.${check} COMMAND ${PROJECT_SOURCE_DIR}/tests/foreign/buf.sh ${check})
  set_tests_properties(lab.protos.${check} PROPERTIES
    SKIP_REGULAR_EXPRESSION "LAB SKIPPED:" LABELS lab-self TIMEOUT 120)
endforeach()
