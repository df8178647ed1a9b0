#include "tagdrift/image/platform.h"

#include <gtest/gtest.h>

namespace tagdrift::image {
namespace {

Platform Make(const std::string& os, const std::string& architecture, const std::string& variant = "") {
  return {os, architecture, variant, {}};
}

TEST(Platform, NormalisesAsContainerdDoes) {
  struct Row {
    const char* name;
    Platform input;
    const char* text;
  };
  const Row rows[] = {
      {"os empty", Make("", "amd64"), "linux/amd64"},
      {"macos", Make("macos", "arm64"), "darwin/arm64"},
      {"upper case", Make("Linux", "AMD64", "V2"), "linux/amd64/v2"},
      {"i386", Make("linux", "i386", "v9"), "linux/386"},
      {"x86_64", Make("linux", "x86_64"), "linux/amd64"},
      {"x86-64", Make("linux", "x86-64"), "linux/amd64"},
      {"amd64 v1", Make("linux", "amd64", "v1"), "linux/amd64"},
      {"amd64 v3", Make("linux", "amd64", "v3"), "linux/amd64/v3"},
      {"aarch64", Make("linux", "aarch64"), "linux/arm64"},
      {"arm64 8", Make("linux", "arm64", "8"), "linux/arm64"},
      {"arm64 v8", Make("linux", "arm64", "v8"), "linux/arm64"},
      {"arm64 v8.0", Make("linux", "arm64", "v8.0"), "linux/arm64"},
      {"arm64 v8.2", Make("linux", "arm64", "v8.2"), "linux/arm64/v8.2"},
      {"arm64 9", Make("linux", "arm64", "9"), "linux/arm64/v9"},
      {"arm64 9.0", Make("linux", "arm64", "9.0"), "linux/arm64/v9"},
      {"arm64 v9.0", Make("linux", "arm64", "v9.0"), "linux/arm64/v9"},
      {"armhf", Make("linux", "armhf"), "linux/arm/v7"},
      {"armel", Make("linux", "armel"), "linux/arm/v6"},
      {"arm", Make("linux", "arm"), "linux/arm/v7"},
      {"arm 7", Make("linux", "arm", "7"), "linux/arm/v7"},
      {"arm 5", Make("linux", "arm", "5"), "linux/arm/v5"},
      {"arm 6", Make("linux", "arm", "6"), "linux/arm/v6"},
      {"arm 8", Make("linux", "arm", "8"), "linux/arm/v8"},
      {"riscv64", Make("linux", "riscv64"), "linux/riscv64"},
  };
  for (const Row& row : rows) EXPECT_EQ(Normalize(row.input).Text(), row.text) << row.name;
}

TEST(Platform, TextOfAnEmptyPlatformIsUnknown) { EXPECT_EQ(Platform{}.Text(), "unknown"); }

TEST(Platform, RanksCandidatesInContainerdsOrder) {
  struct Row {
    const char* name;
    Platform node;
    std::vector<Platform> order;
  };
  const Row rows[] = {
      {"amd64", Make("linux", "amd64"), {Make("linux", "amd64"), Make("linux", "386")}},
      {"amd64/v3",
       Make("linux", "amd64", "v3"),
       {Make("linux", "amd64", "v3"), Make("linux", "amd64", "v2"), Make("linux", "amd64"), Make("linux", "386")}},
      {"arm64",
       Make("linux", "arm64"),
       {Make("linux", "arm64"), Make("linux", "arm", "v8"), Make("linux", "arm", "v7"), Make("linux", "arm", "v6"),
        Make("linux", "arm", "v5")}},
      {"arm64/v8.2",
       Make("linux", "arm64", "v8.2"),
       {Make("linux", "arm64", "v8.2"), Make("linux", "arm64", "v8.1"), Make("linux", "arm64", "v8"),
        Make("linux", "arm", "v8"), Make("linux", "arm", "v7")}},
      {"arm64/v9",
       Make("linux", "arm64", "v9.0"),
       {Make("linux", "arm64", "v9"), Make("linux", "arm64", "v8.5"), Make("linux", "arm64", "v8.4"),
        Make("linux", "arm64", "v8.3"), Make("linux", "arm64", "v8.2"), Make("linux", "arm64", "v8.1"),
        Make("linux", "arm64"), Make("linux", "arm", "v8")}},
      {"arm64/v9.1",
       Make("linux", "arm64", "v9.1"),
       {Make("linux", "arm64", "v9.1"), Make("linux", "arm64", "v9"), Make("linux", "arm64", "v8.6")}},
      {"arm/v8",
       Make("linux", "arm", "v8"),
       {Make("linux", "arm", "v8"), Make("linux", "arm"), Make("linux", "arm", "v6"), Make("linux", "arm", "v5")}},
      {"arm/v6", Make("linux", "arm", "v6"), {Make("linux", "arm", "v6"), Make("linux", "arm", "v5")}},
      {"s390x", Make("linux", "s390x"), {Make("linux", "s390x")}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    for (std::size_t i = 0; i < row.order.size(); ++i) {
      EXPECT_EQ(Rank(row.node, row.order[i]), i) << row.order[i].Text();
    }
  }
}

TEST(Platform, CapsTheArm8LevelsOfArm9) {
  const Platform node = Make("linux", "arm64", "v9.6");
  EXPECT_EQ(Rank(node, Make("linux", "arm64", "v8.9")), 7u);
  EXPECT_FALSE(Rank(node, Make("linux", "arm64", "v9.7")));
}

TEST(Platform, RefusesWhatTheNodeCannotRun) {
  struct Row {
    const char* name;
    Platform node;
    Platform candidate;
  };
  const Row rows[] = {
      {"other os", Make("linux", "amd64"), Make("windows", "amd64")},
      {"other architecture", Make("linux", "amd64"), Make("linux", "arm64")},
      {"amd64 never takes v3", Make("linux", "amd64"), Make("linux", "amd64", "v3")},
      {"386 never takes amd64", Make("linux", "386"), Make("linux", "amd64")},
      {"v6 never takes v7", Make("linux", "arm", "v6"), Make("linux", "arm", "v7")},
      {"v6 never takes plain arm", Make("linux", "arm", "v6"), Make("linux", "arm")},
      {"arm64 never takes v9", Make("linux", "arm64"), Make("linux", "arm64", "v9")},
      {"exact only", Make("linux", "riscv64"), Make("linux", "riscv64", "x")},
      {"empty platform", Make("linux", "amd64"), Platform{}},
      {"attestation", Make("linux", "amd64"), Make("unknown", "unknown")},
      {"wild variant", Make("linux", "arm64"), Make("linux", "arm64", "v99999999999999999999")},
  };
  for (const Row& row : rows) EXPECT_FALSE(Rank(row.node, row.candidate)) << row.name;
}

TEST(Platform, WildVariantOfTheNodeMatchesOnlyItself) {
  const Platform node = Make("linux", "amd64", "v99999999999999999999");
  EXPECT_EQ(Rank(node, node), 0u);
  EXPECT_FALSE(Rank(node, Make("linux", "amd64")));
}

TEST(Platform, NeedsEveryOsFeatureOfTheCandidate) {
  const Platform node{"linux", "amd64", "", {"a", "b"}};
  EXPECT_EQ(Rank(node, {"linux", "amd64", "", {"b"}}), 0u);
  EXPECT_FALSE(Rank(node, {"linux", "amd64", "", {"b", "c"}}));
}

TEST(HostPlatform, ReadsTheVariantOnArmOnly) {
  struct Row {
    const char* name;
    const char* machine;
    const char* cpuinfo;
    const char* text;
  };
  const Row rows[] = {
      {"amd64", "x86_64", "model name\t: AMD EPYC\nflags\t: avx2\n", "linux/amd64"},
      {"386", "i686", "", "linux/386"},
      {"arm64", "aarch64", "CPU architecture: 8\n", "linux/arm64"},
      {"arm64 without cpuinfo", "aarch64", "", "linux/arm64"},
      {"armv7 by cpuinfo", "armv7l", "processor\t: 0\nCPU architecture: 7\n", "linux/arm/v7"},
      {"armv7m", "armv7l", "CPU architecture: 7M", "linux/arm/v7"},
      {"armv7 by part", "armv7l", "CPU architecture: ?(13)\n", "linux/arm/v7"},
      {"armv6 by cpuinfo", "armv6l", "CPU architecture: 6TEJ\n", "linux/arm/v6"},
      {"armv5", "armv5tejl", "CPU architecture: 5TEJ\n", "linux/arm/v5"},
      {"by machine", "armv6l", "processor : 0\n", "linux/arm/v6"},
      {"32 bit on ARMv8", "armv8l", "CPU architecture: 8\n", "linux/arm/v8"},
      {"first Raspberry Pi", "armv6l", "model name : ARMv6-compatible processor rev 7 (v6l)\nCPU architecture: 7\n",
       "linux/arm/v6"},
      {"loong64", "loongarch64", "", "linux/loong64"},
      {"s390x", "s390x", "CPU architecture: 7\n", "linux/s390x"},
  };
  for (const Row& row : rows) EXPECT_EQ(HostPlatform(row.machine, row.cpuinfo).Text(), row.text) << row.name;
}

}  // namespace
}  // namespace tagdrift::image
