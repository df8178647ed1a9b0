// docker-registry as a pull-through cache, whose answers do not say how old they are.
#include <gmock/gmock.h>

#include <atomic>

#include "../registry/test_server.h"
#include "registry_lab_fixture.h"

namespace tagdrift::lab {
namespace {

using hosts::Access;
using hosts::Failure;

class RegistryPullThrough : public RegistryLab {};

TEST_F(RegistryPullThrough, FollowsAHealthyUpstream) {
  Registry upstream("upstream");
  const Artifact first = PushTo(upstream, "app", "one");
  Registry cache("cache", {.pull_through = upstream.url()});
  Open();
  EXPECT_EQ(AskOne(HostOf(cache), "app").digest_header, first.digest());
  const Artifact second = PushTo(upstream, "app", "two");
  const hosts::Answer answer = AskOne(HostOf(cache), "app");
  EXPECT_EQ(answer.digest_header, second.digest());
  EXPECT_EQ(answer.access, Access::kOpen);
  EXPECT_EQ(CountEnding(cache.TakeRequests(), " 200"), 2);
}

TEST_F(RegistryPullThrough, IsOldWithoutASignWhileItsUpstreamIsDown) {
  Registry upstream("upstream");
  // What is pushed while the upstream is down, as far as the cache can tell.
  Registry back_door("back-door", {.storage_of = "upstream"});
  const Artifact first = PushTo(upstream, "app", "one");
  Registry cache("cache", {.pull_through = upstream.url()});
  Open();
  const hosts::Answer healthy = AskOne(HostOf(cache), "app");
  upstream.Stop();
  const Artifact second = PushTo(back_door, "app", "two");

  const hosts::Answer stale = AskOne(HostOf(cache), "app");
  const hosts::Answer origin = AskOne(HostOf(upstream), "app");
  EXPECT_EQ(stale.status, 200);
  EXPECT_EQ(stale.digest_header, first.digest());
  EXPECT_EQ(stale.content_type, healthy.content_type);
  EXPECT_EQ(stale.failure, Failure::kNone);
  EXPECT_EQ(origin.failure, Failure::kConnect) << "the cache alone cannot tell";
  upstream.Start();
  EXPECT_EQ(AskOne(HostOf(cache), "app").digest_header, second.digest());
}

/// An upstream with one image, which can refuse everything with a status of its own.
class MoodyUpstream {
 public:
  explicit MoodyUpstream(const Artifact& image)
      : image_(image), server_([this](const registry::Received& request) { return Answer(request); }) {}

  void Refuse(int status) { refusal_ = status; }
  std::string url() const { return "http://" + server_.Authority(); }

 private:
  registry::Scripted Answer(const registry::Received& request) const {
    if (refusal_ != 0) return registry::ReplyStatus(std::to_string(refusal_) + " Refused\r\n");
    if (request.target == "/v2/") return registry::Reply200(request, "", "{}");
    if (request.target.find("/manifests/missing") != std::string::npos) {
      return registry::ReplyStatus("404 Not Found\r\n");
    }
    return registry::Reply200(
        request,
        "Content-Type: " + image_.document.media_type + "\r\nDocker-Content-Digest: " + image_.digest() + "\r\n",
        image_.document.bytes);
  }

  Artifact image_;
  std::atomic<int> refusal_ = 0;
  registry::TestServer server_;
};

TEST_F(RegistryPullThrough, AnswersWhatItKnowsWhileItsUpstreamRefuses) {
  for (const int refusal : {401, 429}) {
    const Artifact image = MakeImage({.text = std::to_string(refusal)});
    MoodyUpstream upstream(image);
    Registry cache("cache-" + std::to_string(refusal), {.pull_through = upstream.url()});
    Open();
    EXPECT_EQ(AskOne(HostOf(cache), "app").digest_header, image.digest());
    upstream.Refuse(refusal);

    const hosts::Answer known = AskOne(HostOf(cache), "app");
    const hosts::Answer unknown = AskOne(HostOf(cache), "app", "never-asked");
    EXPECT_EQ(known.status, 200) << refusal;
    EXPECT_EQ(known.digest_header, image.digest());
    EXPECT_EQ(known.access, Access::kOpen);
    EXPECT_GE(unknown.status, 400) << refusal;
    EXPECT_FALSE(unknown.digest_header.has_value());
  }
}

}  // namespace
}  // namespace tagdrift::lab
