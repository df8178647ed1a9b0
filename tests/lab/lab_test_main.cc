#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "failure.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

std::unique_ptr<Lab>& Instance() {
  static std::unique_ptr<Lab> lab;
  return lab;
}

class LabEnvironment : public testing::Environment {
 public:
  void SetUp() override { Instance() = std::make_unique<Lab>(ChosenVersion()); }
  void TearDown() override { Instance().reset(); }
};

}  // namespace

Lab& TheLab() { return *Instance(); }

}  // namespace tagdrift::lab

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!tagdrift::lab::CanRun(tagdrift::lab::VersionMissing(tagdrift::lab::ChosenVersion()))) return 0;
  testing::AddGlobalTestEnvironment(new tagdrift::lab::LabEnvironment);
  return RUN_ALL_TESTS();
}
