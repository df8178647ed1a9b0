// How much `tagdrift check` asks of a registry, and `tagdrift record`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "check_run.h"
#include "failure.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "nginx.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::Each;
using testing::EndsWith;
using testing::StartsWith;

constexpr int kTags = 200;
constexpr std::array kWays{CheckAlone, CheckReplayed};

/// Gives the node `count` names for one image of `registry`, which has them all too.
void CacheTags(Registry& registry, const std::string& repository, int count, bool password = false) {
  const Artifact image = MakeImage({.text = registry.host() + "/" + repository});
  const std::string name = registry.host() + "/" + repository;
  std::vector<std::string> names{"images", "tag", name + ":t0"};
  for (int i = 0; i < count; ++i) {
    registry.Push(repository, "t" + std::to_string(i), image);
    if (i > 0) names.push_back(name + ":t" + std::to_string(i));
  }
  const auto pulled = TheLab().cri().Pull(name + ":t0", password);
  ASSERT_TRUE(pulled.ok()) << pulled.status();
  TheLab().containerd().Ctr(names);
  WaitFor("the CRI to know all names of " + name, [&] {
    const auto status = TheLab().cri().ImageStatus(name + ":t0");
    return status.ok() && status->has_value() && (*status)->repo_tags.size() == static_cast<std::size_t>(count);
  });
}

TEST(CheckRequests, OneHeadPerTagWhenAllAreFresh) {
  Registry registry("counted");
  for (const std::string repository : {"a", "b", "c", "d"}) CacheTags(registry, repository, kTags / 4);
  registry.TakeRequests();
  for (const auto check : kWays) {
    const CheckRun run = check(TheLab(), {registry.host() + "/*"});
    const std::vector<std::string> requests = registry.TakeRequests();
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.report["summary"]["fresh"], kTags);
    EXPECT_EQ(requests.size(), static_cast<std::size_t>(kTags));
    EXPECT_EQ(std::set<std::string>(requests.begin(), requests.end()).size(), static_cast<std::size_t>(kTags));
    EXPECT_THAT(requests, Each(StartsWith("HEAD /v2/")));
    EXPECT_THAT(requests, Each(EndsWith(" 200")));
  }
}

TEST(CheckRequests, OneChallengeAtFirstContactWhenThePasswordIsWanted) {
  Registry registry("counted-guarded", {.wants_password = true});
  for (const std::string repository : {"a", "b"}) CacheTags(registry, repository, 20, true);
  const std::string auth_file = LabRoot() + "/counted.json";
  const json entry = {{"username", kUser}, {"password", kPassword}};
  WriteFile(auth_file, json{{"auths", {{registry.host(), entry}}}}.dump());
  registry.TakeRequests();
  const auto are = [](const std::string& status) {
    return [status](const std::string& r) { return r.ends_with(status); };
  };
  for (const auto check : kWays) {
    const CheckRun run = check(TheLab(), {registry.host() + "/*", "--auth-file", auth_file});
    const std::vector<std::string> requests = registry.TakeRequests();
    EXPECT_EQ(run.report["summary"]["fresh"], 40) << run.report.dump(2);
    EXPECT_EQ(std::ranges::count_if(requests, are(" 401")), 1);
    EXPECT_EQ(std::ranges::count_if(requests, are(" 200")), 40);
    EXPECT_EQ(requests.size(), 41u);
  }
}

TEST(CheckRequests, OneConnectionCarriesAllWhereHttp2IsOffered) {
  const Certificates certificates = MakeCertificates(LabRoot() + "/http2");
  const int port = FreePort();
  const std::string host = "127.0.0.1:" + std::to_string(port);
  const Nginx front = Http2Front("http2", port, TheLab().upstream().host(), certificates);
  const std::string hosts = "server = \"https://" + host + "\"\nca = \"" + certificates.ca + "\"\n\n[host.\"https://" +
                            host + "\"]\n  ca = \"" + certificates.ca + "\"\n";
  TheLab().containerd().SetHosts("http2.test", hosts);
  const Artifact image = MakeImage({.text = "http2"});
  for (int i = 0; i < 20; ++i) {
    const std::string tag = "t" + std::to_string(i);
    TheLab().upstream().Push("http2/app", tag, image);
    ASSERT_TRUE(TheLab().cri().Pull("http2.test/http2/app:" + tag).ok());
  }
  for (const auto check : kWays) {
    const std::size_t before = front.AccessLog().size();
    const CheckRun run = check(TheLab(), {"http2.test/*"});
    EXPECT_EQ(run.report["summary"]["fresh"], 20) << run.report.dump(2);
    std::set<std::string> connections;
    std::set<std::string> protocols;
    const auto requests = [&] {
      int count = 0;
      std::istringstream lines(front.AccessLog().substr(before));
      for (std::string connection, protocol, status, uri; lines >> connection >> protocol >> status >> uri;) {
        // The end of the last pull may be written down late.
        if (uri.find("/manifests/t") == std::string::npos) continue;
        ++count;
        connections.insert(connection);
        protocols.insert(protocol);
      }
      return count;
    };
    // So may the end of the check.
    Poll([&] { return requests() >= 20; });
    EXPECT_EQ(requests(), 20);
    EXPECT_THAT(protocols, testing::ElementsAre("HTTP/2.0"));
    EXPECT_EQ(connections.size(), 1u);
  }
}

TEST(CheckRequests, OnlySelectedTagsAreAskedOnANodeWithThreeThousandNames) {
  Registry registry("many");
  const Artifact image = MakeImage({.text = "many"});
  registry.Push("many", "t0", image);
  const std::string name = registry.host() + "/many";
  ASSERT_TRUE(TheLab().cri().Pull(name + ":t0").ok());
  std::vector<std::string> names{"images", "tag", name + ":t0"};
  for (int i = 1; i < 3000; ++i) names.push_back(name + ":t" + std::to_string(i));
  TheLab().containerd().Ctr(names);
  registry.TakeRequests();

  for (const auto check : kWays) {
    const CheckRun run = check(TheLab(), {name + ":t0"});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.Tag(name + ":t0")["verdict"], "VERDICT_FRESH");
    EXPECT_EQ(registry.TakeRequests().size(), 1u);
  }
}

}  // namespace
}  // namespace tagdrift::lab
