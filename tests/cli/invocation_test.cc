#include "invocation.h"

#include <gtest/gtest.h>

namespace tagdrift::cli {
namespace {

using Strings = std::vector<std::string>;

/// What `check` with these arguments would have its commands say again.
Strings OptionsOf(const Strings& arguments) {
  CLI::App command;
  NodeOptions options;
  AddNodeOptions(command, options);
  Strings reversed(arguments.rbegin(), arguments.rend());
  command.parse(reversed);
  return InvocationOf(options).options;
}

TEST(Invocation, SaysNothingAgainThatWasNotSaid) { EXPECT_EQ(OptionsOf({}), Strings{}); }

TEST(Invocation, SaysEveryOptionAgainThatDecidesWhatAnActionFinds) {
  const Strings all = {"--runtime-endpoint",
                       "unix:///run/k3s/containerd/containerd.sock",
                       "--host-root",
                       "/host",
                       "--containerd-config",
                       "/c.toml",
                       "--registry-config-path",
                       "/certs.d",
                       "--containerd-version",
                       "2.1.9",
                       "--image-pull",
                       "local",
                       "--pods-from",
                       "api",
                       "--kubeconfig",
                       "/k.yaml",
                       "--kubelet",
                       "10.0.0.7",
                       "--origin",
                       "docker.io=https://a",
                       "--origin",
                       "quay.io=https://b",
                       "--max-concurrency",
                       "3",
                       "--max-rate",
                       "0.5",
                       "--contact",
                       "ops@corp",
                       "--auth-file",
                       "/a.json",
                       "--pull-secrets",
                       "/secrets",
                       "--image-credential-provider-config",
                       "/p.yaml",
                       "--image-credential-provider-bin-dir",
                       "/bin",
                       "--share-credentials",
                       "m=quay.io"};
  EXPECT_EQ(OptionsOf(all), all);
}

TEST(Invocation, LeavesHowLongAndHowLoudToTheCommandItself) {
  EXPECT_EQ(OptionsOf({"--timeout", "5s", "-v"}), Strings{});
}

}  // namespace
}  // namespace tagdrift::cli
