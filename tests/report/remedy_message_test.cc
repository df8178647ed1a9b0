#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "rounds.h"
#include "tagdrift/report/report.h"

namespace tagdrift::report {
namespace {

using judge::Cause;
using judge::Fix;
using judge::Remedy;
using judge::RemedyKind;
using judge::Verdict;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A stale tag of registry.test with one remedy, whose hosts a test may change.
struct Situation {
  explicit Situation(Remedy remedy) : round(RoundOf({Tag("registry.test/b:1", Verdict::kStale, Cause::kStaleMirror)})) {
    tag().result.remedies = {std::move(remedy)};
    tag().result.hosts[0].answer = hosts::Answer{.status = 200};
    tag().result.hosts[1].answer = hosts::Answer{.status = 200};
  }

  JudgedTag& tag() { return round.tags[0]; }
  hosts::Answer& Answer(std::size_t host) { return *tag().result.hosts[host].answer; }
  judge::Route& Route() { return round.routes.at("registry.test"); }
  /// Of the route, as it is to be instead.
  void Change(std::size_t host, const std::function<void(hosts::RegistryHost&)>& change) {
    hosts::RegistryHost changed = *Route().hosts[host];
    change(changed);
    Route().hosts[host] = std::make_shared<const hosts::RegistryHost>(changed);
  }
  v1::Remedy Message(const Invocation& invocation = {}) const {
    return ToMessage(round, invocation).tags(0).remedies(0);
  }

  Round round;
};

Remedy TakeResolve() {
  return {.kind = RemedyKind::kFixHostsToml,
          .host = 0,
          .fix = Fix::kTakeResolve,
          .file = "/etc/containerd/certs.d/registry.test/hosts.toml",
          .line = 3};
}

TEST(RemedyMessage, SaysAgainWhatTheCommandNeeds) {
  const Situation situation({.kind = RemedyKind::kRefresh});
  const Invocation invocation{.options = {"--host-root", "/host", "--auth-file", "/my auth.json"}};
  EXPECT_EQ(situation.Message(invocation).command(),
            "tagdrift refresh --host-root /host --auth-file '/my auth.json' registry.test/b:1");
}

TEST(RemedyMessage, NamesTheWholeDigestWhereTheImageIsOlder) {
  const Situation situation({.kind = RemedyKind::kRefresh, .goes_back = true});
  EXPECT_EQ(situation.Message().command(),
            "tagdrift refresh --to " + image::Digest::OfBytes("origin").text() + " registry.test/b:1");
}

TEST(RemedyMessage, SaysWhatAPrivateImageMeansBeforeItIsAllowed) {
  const v1::Remedy message = Situation({.kind = RemedyKind::kRefresh, .is_private = true}).Message();
  EXPECT_EQ(message.command(), "tagdrift refresh --allow-private registry.test/b:1");
  EXPECT_THAT(message.detail(), HasSubstr("every pod on this node can use it"));
}

TEST(RemedyMessage, TakesResolveFromAMirrorInItsLine) {
  const v1::Remedy message = Situation(TakeResolve()).Message();
  EXPECT_EQ(message.file(), "/etc/containerd/certs.d/registry.test/hosts.toml");
  EXPECT_EQ(message.line(), 3);
  EXPECT_EQ(message.host(), "https://mirror.test/v2");
  EXPECT_THAT(message.detail(), AllOf(HasSubstr("take `resolve`"), HasSubstr("capabilities = [\"pull\"]")));
  EXPECT_EQ(message.command(), "");
}

TEST(RemedyMessage, KnowsThatTheOldTableHasNoCapabilities) {
  Situation situation(TakeResolve());
  situation.Route().config.directory.clear();
  EXPECT_THAT(situation.Message().detail(), AllOf(HasSubstr("old table"), HasSubstr("`config_path`")));
}

TEST(RemedyMessage, NamesTheProgramThatWritesTheFileAnew) {
  struct Row {
    std::string file;
    std::string version;
    std::string host;
    std::string says;
  };
  const std::string plain = "/etc/containerd/certs.d/registry.test/hosts.toml";
  for (const Row& row : {Row{"/var/lib/rancher/k3s/agent/etc/containerd/certs.d/registry.test/hosts.toml", "2.1.5-k3s1",
                             "mirror.test", "change /etc/rancher/k3s/registries.yaml"},
                         Row{"/var/lib/rancher/rke2/agent/etc/containerd/certs.d/registry.test/hosts.toml",
                             "2.1.5-k3s1", "mirror.test", "change /etc/rancher/rke2/registries.yaml"},
                         Row{"/etc/cri/conf.d/hosts/registry.test/hosts.toml", "2.1.5", "mirror.test", "Talos"},
                         Row{plain, "1.7.27+bottlerocket", "mirror.test", "settings.container-registry"},
                         Row{plain, "2.1.5", "10.0.0.7:30020", "--resolve-tags=false"}}) {
    Remedy remedy = TakeResolve();
    remedy.file = row.file;
    Situation situation(remedy);
    situation.round.node.runtime.version = row.version;
    situation.Change(0, [&](hosts::RegistryHost& host) {
      host.host = row.host;
      if (row.host.ends_with(":30020")) host.scheme = "http";
    });
    EXPECT_THAT(situation.Message().detail(), HasSubstr(row.says)) << row.file;
  }
  EXPECT_THAT(Situation(TakeResolve()).Message().detail(), Not(HasSubstr("writes this file")));
}

TEST(RemedyMessage, TellsHowThisKindOfMirrorIsPurged) {
  for (const auto& [product, says] : {std::pair{hosts::Product::kNexus, "invalidate the cache"},
                                      {hosts::Product::kArtifactory, "zap the caches"},
                                      {hosts::Product::kHarbor, "proxy-cache project"},
                                      {hosts::Product::kSpegel, "asks no registry"},
                                      {hosts::Product::kDistribution, "its log says why"},
                                      {hosts::Product::kUnknown, "purge the tag"}}) {
    Situation situation({.kind = RemedyKind::kPurgeMirror, .host = 0});
    situation.Answer(0).product = product;
    EXPECT_THAT(situation.Message().detail(), HasSubstr(says));
    EXPECT_EQ(situation.Message().command(), "");
  }
}

TEST(RemedyMessage, NeverOffersTheRegistrysCredentialsToAMirror) {
  Situation situation({.kind = RemedyKind::kProvideCredentials, .host = 0});
  situation.round.credential_hosts = {"registry.test"};
  const v1::Remedy message = situation.Message();
  EXPECT_EQ(message.command(), "");
  EXPECT_THAT(message.detail(), AllOf(HasSubstr("credentials for mirror.test"), Not(HasSubstr("--share-credentials"))));
}

TEST(RemedyMessage, NamesTheCredentialsThatContainerdWouldOfferToTheServer) {
  Situation situation({.kind = RemedyKind::kProvideCredentials, .host = 1});
  situation.Change(1, [](hosts::RegistryHost& host) {
    host.host = "store.corp";
    host.role = hosts::HostRole::kServer;
  });
  EXPECT_EQ(situation.Message().command(), "") << "there are none";
  situation.round.credential_hosts = {"registry.test"};
  EXPECT_EQ(situation.Message().command(),
            "tagdrift check --share-credentials store.corp=registry.test registry.test/b:1");
  EXPECT_THAT(situation.Message().detail(), HasSubstr("there are credentials for registry.test"));
}

TEST(RemedyMessage, OffersNoCredentialsOverHttp) {
  Situation situation({.kind = RemedyKind::kProvideCredentials, .host = 1});
  situation.round.credential_hosts = {"registry.test"};
  const auto store_over = [](const char* scheme) {
    return [scheme](hosts::RegistryHost& host) {
      host.host = "store.corp";
      host.scheme = scheme;
      host.role = hosts::HostRole::kServer;
    };
  };
  situation.Change(1, store_over("http"));
  EXPECT_EQ(situation.Message().command(), "");
  EXPECT_THAT(situation.Message().detail(), HasSubstr("over http"));
  situation.Change(1, store_over("https"));
  situation.Answer(1).over_http = true;
  EXPECT_EQ(situation.Message().command(), "") << "it fell back to http";
}

TEST(RemedyMessage, SaysThatTheCredentialsForTheHostItselfDoNotOpenIt) {
  Situation situation({.kind = RemedyKind::kProvideCredentials, .host = 1});
  situation.round.credential_hosts = {"registry.test"};
  EXPECT_EQ(situation.Message().detail(), "the credentials that there are for registry.test do not open it");
  EXPECT_EQ(situation.Message().command(), "");
}

TEST(RemedyMessage, NamesTheHostsThatThereAreCredentialsFor) {
  Situation situation({.kind = RemedyKind::kProvideCredentials, .host = 1});
  situation.round.credential_hosts = {"a.test", "b.test", "c.test", "registry.test:5000"};
  EXPECT_THAT(situation.Message().detail(),
              HasSubstr("there are some for registry.test:5000, a.test, b.test and 1 more"));
}

TEST(RemedyMessage, ComparesWithTheRegistryOrTheMirrorAsSaid) {
  const Situation registry({.kind = RemedyKind::kNameOrigin});
  EXPECT_EQ(registry.Message().command(),
            "tagdrift check --origin registry.test=https://registry.test/v2 registry.test/b:1");
  Situation mirror({.kind = RemedyKind::kNameOrigin, .host = 0});
  EXPECT_EQ(mirror.Message().command(),
            "tagdrift check --origin registry.test=https://mirror.test/v2 registry.test/b:1");
  mirror.Change(0, [](hosts::RegistryHost& host) { host.path = "/v2/hub"; });
  EXPECT_EQ(mirror.Message().command(), "") << "no option says that";
}

TEST(RemedyMessage, DoesNotRunWhatAMirrorPathHolds) {
  Situation situation({.kind = RemedyKind::kNameOrigin, .host = 0});
  situation.Change(0, [](hosts::RegistryHost& host) { host.path = "/x';id;'/v2"; });
  EXPECT_THAT(situation.Message().command(), HasSubstr(R"('registry.test=https://mirror.test/x'\\'';id;'\\''/v2')"));
  situation.Change(0, [](hosts::RegistryHost& host) { host.path = "/\033[2J/v2"; });
  EXPECT_EQ(situation.Message().command(), "");
}

TEST(RemedyMessage, SaysWhereToTrustACertificateAuthority) {
  Remedy remedy{.kind = RemedyKind::kFixHostsToml, .host = 1, .fix = Fix::kTrustCa};
  EXPECT_THAT(
      Situation(remedy).Message().detail(),
      HasSubstr("write a hosts.toml for registry.test with server = \"https://registry.test\" and ca = \"FILE\""));
  remedy.file = "/etc/containerd/certs.d/registry.test/hosts.toml";
  EXPECT_THAT(Situation(remedy).Message().detail(), HasSubstr("add ca = \"FILE\" to the host's table"));
}

TEST(TagDetail, DoesNotClaimThatATagWasDeletedThatOnlyEverExistedHere) {
  Situation situation({});
  situation.tag().result.verdict = Verdict::kGone;
  situation.tag().result.cause = Cause::kTagDeleted;
  situation.tag().result.reason = "answered 404 MANIFEST_UNKNOWN";
  EXPECT_EQ(
      ToMessage(situation.round).tags(0).detail(),
      "https://registry.test/v2 answered 404 MANIFEST_UNKNOWN: the registry has no such tag; it was deleted there, "
      "or made on this node");
  situation.tag().facts.history.origin_served = {
      {image::Digest::OfBytes("cached"), absl::UnixEpoch(), absl::UnixEpoch()}};
  EXPECT_THAT(ToMessage(situation.round).tags(0).detail(), HasSubstr("it had, and it was deleted there"));
}

}  // namespace
}  // namespace tagdrift::report
