#include "tagdrift/hosts/walk.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tagdrift::hosts {
namespace {

constexpr ContainerdVersion kV16{1, 6, 20};
constexpr ContainerdVersion kV17{1, 7, 24};
constexpr ContainerdVersion kV20{2, 0, 5};
constexpr ContainerdVersion kV21{2, 1, 9};
constexpr ContainerdVersion kV23{2, 3, 4};
constexpr ContainerdVersion kAll[] = {kV16, kV17, kV20, kV21, kV23};

const std::string kReference = "reg.io/app:1";
const std::string kPrefix = "failed to resolve reference \"reg.io/app:1\": ";

image::Digest DigestOf(const std::string& name) { return image::Digest::OfBytes(name); }

RegistryHost Host(const std::string& name, Capabilities capabilities = {Capability::kPull, Capability::kResolve}) {
  RegistryHost host;
  host.scheme = "https";
  host.host = name;
  host.path = "/v2";
  host.capabilities = capabilities;
  return host;
}

RegistryConfig Config(std::vector<RegistryHost> hosts) {
  RegistryConfig config;
  config.registry = "reg.io";
  config.hosts = std::move(hosts);
  return config;
}

RegistryConfig TwoHosts() { return Config({Host("m"), Host("reg.io")}); }

Answer Ok(const std::string& name, std::int64_t length = 500) {
  Answer answer;
  answer.status = 200;
  answer.content_type = "application/vnd.oci.image.index.v1+json";
  answer.digest_header = DigestOf(name).text();
  answer.content_length = length;
  return answer;
}

Answer Status(int status) {
  Answer answer;
  answer.status = status;
  return answer;
}

Answer Failed(Failure failure, const std::string& detail = "broken") {
  Answer answer;
  answer.failure = failure;
  answer.failure_detail = detail;
  return answer;
}

GetAnswer Get(int status, const std::string& name, std::int64_t size = 500,
              const std::string& media_type = "application/vnd.oci.image.index.v1+json") {
  return {status, media_type, DigestOf(name), size};
}

Answer With(Answer answer, void (*change)(Answer&)) {
  change(answer);
  return answer;
}

AnswerOf Recorded(std::vector<Answer> answers) {
  return [answers = std::move(answers)](std::size_t host) { return host < answers.size() ? &answers[host] : nullptr; };
}

std::string WordOf(WalkReason why) {
  switch (why) {
    case WalkReason::kAccepted:
      return "accepted";
    case WalkReason::kNoCapability:
      return "no-capability";
    case WalkReason::kNotFound:
      return "not-found";
    case WalkReason::kStatus:
      return "status";
    case WalkReason::kTransport:
      return "transport";
    case WalkReason::kTooLarge:
      return "too-large";
    case WalkReason::kInvalidDigest:
      return "invalid-digest";
    case WalkReason::kRedirect:
      return "redirect";
    case WalkReason::kFollowUpFailed:
      return "follow-up-failed";
    case WalkReason::kWrongContent:
      return "wrong-content";
    case WalkReason::kDenied:
      return "denied";
    case WalkReason::kNotConcluded:
      return "not-concluded";
  }
  return "?";
}

std::string WordOf(const Needs& needs) {
  return std::string(needs.endpoint == Endpoint::kBlobs ? "needs blob " : "needs ") + std::to_string(needs.host);
}
std::string WordOf(const Resolved& resolved) {
  for (const char* name : {"old", "new", "page"}) {
    if (resolved.digest == DigestOf(name)) {
      return std::string(resolved.is_error_page ? "bogus " : "") + name + "@" + std::to_string(resolved.host);
    }
  }
  return "unknown digest";
}
std::string WordOf(const Fails&) { return "fails"; }
std::string WordOf(const Undecided& undecided) { return "undecided@" + std::to_string(undecided.host); }

// A walk in one line: a word per step, then the end ("not-found accepted -> new@1": digest "new" from host 1).
std::string Tell(const Resolution& resolution) {
  std::string text;
  for (const WalkStep& step : resolution.steps) text += WordOf(step.why) + " ";
  return text + "-> " + std::visit([](const auto& end) { return WordOf(end); }, resolution.end);
}

std::string ErrorOf(const Resolution& resolution) {
  const auto* fails = std::get_if<Fails>(&resolution.end);
  return fails == nullptr ? "(does not fail)" : fails->error;
}

TEST(ResolveTag, FollowsEachAnswerAsEveryVersionDoes) {
  struct Row {
    const char* name;
    std::vector<Answer> answers;
    const char* expected;
  };
  const Row rows[] = {
      {"nothing asked yet", {}, "-> needs 0"},
      {"first 2xx decides", {Ok("old")}, "accepted -> old@0"},
      {"201 is taken too", {With(Ok("old"), [](Answer& a) { a.status = 201; })}, "accepted -> old@0"},
      {"404 goes on", {Status(404)}, "not-found -> needs 1"},
      {"404, then 2xx", {Status(404), Ok("new")}, "not-found accepted -> new@1"},
      {"all 404", {Status(404), Status(404)}, "not-found not-found -> fails"},
      {"400 goes on", {Status(400), Ok("new")}, "status accepted -> new@1"},
      {"429 goes on", {Status(429), Ok("new")}, "status accepted -> new@1"},
      {"500 goes on", {Status(500), Ok("new")}, "status accepted -> new@1"},
      {"599 goes on", {Status(599), Ok("new")}, "status accepted -> new@1"},
      {"name does not resolve", {Failed(Failure::kName), Ok("new")}, "transport accepted -> new@1"},
      {"connection refused", {Failed(Failure::kConnect), Ok("new")}, "transport accepted -> new@1"},
      {"certificate", {Failed(Failure::kTls), Ok("new")}, "transport accepted -> new@1"},
      {"containerd's own timeout", {Failed(Failure::kTimeout), Ok("new")}, "transport accepted -> new@1"},
      {"connection closed", {Failed(Failure::kClosed), Ok("new")}, "transport accepted -> new@1"},
      {"redirect loop", {Failed(Failure::kRedirectLoop), Ok("new")}, "transport accepted -> new@1"},
      {"token server failed", {Failed(Failure::kToken), Ok("new")}, "transport accepted -> new@1"},
      {"unusable entry", {Failed(Failure::kUnusable), Ok("new")}, "transport accepted -> new@1"},
      {"redirect without Location ends", {Status(307), Ok("new")}, "redirect -> fails"},
      {"304 ends", {Status(304), Ok("new")}, "redirect -> fails"},
      {"300 ends", {Status(300), Ok("new")}, "redirect -> fails"},
      {"invalid digest ends",
       {With(Ok("old"), [](Answer& a) { a.digest_header = "sha256:abc"; }), Ok("new")},
       "invalid-digest -> fails"},
      {"no digest: hash of the GET",
       {With(Ok("old"), [](Answer& a) { a.digest_header.reset(), a.get = Get(200, "new"); })},
       "accepted -> new@0"},
      {"empty digest: hash of the GET",
       {With(Ok("old"), [](Answer& a) { a.digest_header = "", a.get = Get(200, "new"); })},
       "accepted -> new@0"},
      {"no length: hash of the GET, not the header",
       {With(Ok("old"), [](Answer& a) { a.content_length.reset(), a.get = Get(200, "new"); })},
       "accepted -> new@0"},
      {"no length: an invalid digest is not looked at",
       {With(Ok("x"), [](Answer& a) { a.digest_header = "x", a.content_length.reset(), a.get = Get(200, "new"); })},
       "accepted -> new@0"},
      {"GET after HEAD brought no answer",
       {With(Ok("x"), [](Answer& a) { a.digest_header.reset(), a.get_failed = true, a.failure = Failure::kClosed; }),
        Ok("new")},
       "follow-up-failed -> fails"},
      {"GET after HEAD refused by us",
       {With(Ok("x"), [](Answer& a) { a.digest_header.reset(), a.get_failed = true, a.failure = Failure::kDeadline; }),
        Ok("new")},
       "not-concluded -> undecided@0"},
      {"GET after HEAD not sent",
       {With(Ok("x"), [](Answer& a) { a.digest_header.reset(); }), Ok("new")},
       "not-concluded -> undecided@0"},
      {"405: the GET counts", {With(Status(405), [](Answer& a) { a.get = Get(200, "new"); })}, "accepted -> new@0"},
      {"405: GET says 404",
       {With(Status(405), [](Answer& a) { a.get = Get(404, "page"); }), Ok("new")},
       "not-found accepted -> new@1"},
      {"405: GET says 502",
       {With(Status(405), [](Answer& a) { a.get = Get(502, "page"); }), Ok("new")},
       "status accepted -> new@1"},
      {"405: GET leads nowhere",
       {With(Status(405), [](Answer& a) { a.get = Get(302, "page"); }), Ok("new")},
       "redirect -> fails"},
      {"405: GET brought no answer",
       {With(Status(405), [](Answer& a) { a.get_failed = true, a.failure = Failure::kClosed; }), Ok("new")},
       "transport accepted -> new@1"},
      {"405 without a GET", {Status(405), Ok("new")}, "status accepted -> new@1"},
      {"largest manifest", {Ok("old", 4393216)}, "accepted -> old@0"},
      {"too large: the digest stays that of the rejected one",
       {Ok("old", 4393217), Ok("new")},
       "too-large accepted -> old@1"},
      {"too large everywhere", {Ok("old", 4393217), Ok("new", 4393217)}, "too-large too-large -> fails"},
      {"too large by GET",
       {With(Ok("x"), [](Answer& a) { a.digest_header.reset(), a.get = Get(200, "old", 4393217); }), Ok("new")},
       "too-large accepted -> old@1"},
      {"too large to be read: nothing can serve that digest in the next one's size",
       {With(Ok("x"), [](Answer& a) { a.digest_header.reset(), a.too_large = true; }), Ok("new")},
       "too-large wrong-content -> fails"},
      {"405 and too large to be read",
       {With(Status(405), [](Answer& a) { a.too_large = true; }), Status(404)},
       "too-large not-found -> fails"},
      {"redirect we refuse", {Failed(Failure::kRefusedRedirect), Ok("new")}, "not-concluded -> undecided@0"},
      {"realm we refuse", {Failed(Failure::kRefusedRealm), Ok("new")}, "not-concluded -> undecided@0"},
      {"our deadline", {Failed(Failure::kDeadline), Ok("new")}, "not-concluded -> undecided@0"},
      {"our budget", {Failed(Failure::kBudget), Ok("new")}, "not-concluded -> undecided@0"},
      {"ours at the second host", {Status(404), Failed(Failure::kDeadline)}, "not-found not-concluded -> undecided@1"},
  };
  for (const Row& row : rows) {
    for (const ContainerdVersion& version : kAll) {
      SCOPED_TRACE(std::string(row.name) + ", containerd " + std::to_string(version.major) + "." +
                   std::to_string(version.minor));
      for (const Puller puller : {Puller::kWithCredentials, Puller::kAnonymous}) {
        EXPECT_EQ(Tell(ResolveTag(TwoHosts(), version, puller, kReference, Recorded(row.answers))), row.expected);
      }
    }
  }
}

TEST(ResolveTag, DiffersByVersion) {
  const std::vector<Answer> error_page = {
      With(Ok("x"), [](Answer& a) { a.digest_header.reset(), a.get = Get(503, "page", 500, "text/html"); }), Ok("new")};
  const std::vector<Answer> schema1 = {
      With(Ok("old"), [](Answer& a) { a.content_type = "application/vnd.docker.distribution.manifest.v1+prettyjws"; }),
      Ok("new")};
  const std::vector<Answer> plain_text = {With(Ok("old"),
                                               [](Answer& a) {
                                                 a.content_length.reset();
                                                 a.get = Get(200, "old", 500, "text/plain");
                                               }),
                                          Ok("new")};
  struct Row {
    const char* name;
    ContainerdVersion version;
    const std::vector<Answer>& answers;
    const char* expected;
  };
  const Row rows[] = {
      {"GET's status unchecked in 1.6", kV16, error_page, "accepted -> bogus page@0"},
      {"GET's status unchecked in 1.7", kV17, error_page, "accepted -> bogus page@0"},
      {"GET's status unchecked in 2.1", kV21, error_page, "accepted -> bogus page@0"},
      {"GET's status checked from 2.3", kV23, error_page, "follow-up-failed -> fails"},
      {"schema 1 converted in 1.6", kV16, schema1, "not-concluded -> undecided@0"},
      {"schema 1 converted in 1.7", kV17, schema1, "not-concluded -> undecided@0"},
      {"schema 1 on request in 2.0", kV20, schema1, "not-concluded -> undecided@0"},
      {"schema 1 refused from 2.1", kV21, schema1, "wrong-content -> fails"},
      {"schema 1 refused in 2.3", kV23, schema1, "wrong-content -> fails"},
      {"text/plain counts as schema 1 in 1.7", kV17, plain_text, "not-concluded -> undecided@0"},
      {"text/plain counts as schema 1 in 2.1", kV21, plain_text, "wrong-content -> fails"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Tell(ResolveTag(TwoHosts(), row.version, Puller::kWithCredentials, kReference, Recorded(row.answers))),
              row.expected)
        << row.name;
  }
}

TEST(ResolveTag, AsksOnlyHostsThatPullAndResolve) {
  const RegistryConfig config =
      Config({Host("p", {Capability::kPull}), Host("r", {Capability::kResolve}), Host("both"), Host("reg.io")});
  const std::vector<Answer> answers(4, Ok("new"));
  EXPECT_EQ(Tell(ResolveTag(config, kV17, Puller::kWithCredentials, kReference, Recorded(answers))),
            "no-capability no-capability accepted -> new@2");
  EXPECT_EQ(Tell(ResolveTag(config, kV17, Puller::kWithCredentials, kReference, Recorded({}))),
            "no-capability no-capability -> needs 2");
}

TEST(ResolveTag, FailsWhereNoHostMayResolve) {
  const RegistryConfig config = Config({Host("p", {Capability::kPull})});
  const Resolution resolution = ResolveTag(config, kV17, Puller::kWithCredentials, kReference, Recorded({}));
  EXPECT_EQ(Tell(resolution), "no-capability -> fails");
  EXPECT_EQ(ErrorOf(resolution), kPrefix + "no resolve hosts: not found");
}

TEST(ResolveTag, EndsWithTheConfigurationsOwnProblem) {
  RegistryConfig broken = TwoHosts();
  broken.error = "unable to load CA cert \"/x\"";
  EXPECT_EQ(ErrorOf(ResolveTag(broken, kV17, Puller::kWithCredentials, kReference, Recorded({}))),
            kPrefix + "unable to load CA cert \"/x\"");
  RegistryConfig unknown = TwoHosts();
  unknown.unknown = "permission denied";
  EXPECT_EQ(Tell(ResolveTag(unknown, kV17, Puller::kWithCredentials, kReference, Recorded({}))), "-> undecided@0");
}

TEST(ResolveTag, TreatsAccessByPuller) {
  struct Row {
    const char* name;
    Answer first;
    const char* as_asked;
    const char* anonymous;
  };
  const auto with_access = [](Answer answer, Access access) {
    answer.access = access;
    return answer;
  };
  const Row rows[] = {
      {"open", Ok("old"), "accepted -> old@0", "accepted -> old@0"},
      {"anonymous token", with_access(Ok("old"), Access::kAnonymousToken), "accepted -> old@0", "accepted -> old@0"},
      {"credentials", with_access(Ok("old"), Access::kCredentials), "accepted -> old@0", "status accepted -> new@1"},
      {"credentials, then 404", with_access(Status(404), Access::kCredentials), "not-found accepted -> new@1",
       "status accepted -> new@1"},
      {"denied by 401", with_access(Status(401), Access::kDenied), "denied -> undecided@0", "status accepted -> new@1"},
      {"denied by 403", with_access(Status(403), Access::kDenied), "denied -> undecided@0", "status accepted -> new@1"},
      {"403 without a challenge", Status(403), "denied -> undecided@0", "status accepted -> new@1"},
      {"denied by the token server", with_access(Failed(Failure::kToken), Access::kDenied), "denied -> undecided@0",
       "status accepted -> new@1"},
      {"realm refused by us", with_access(Failed(Failure::kRefusedRealm), Access::kDenied),
       "not-concluded -> undecided@0", "not-concluded -> undecided@0"},
  };
  for (const Row& row : rows) {
    const std::vector<Answer> answers = {row.first, Ok("new")};
    EXPECT_EQ(Tell(ResolveTag(TwoHosts(), kV21, Puller::kWithCredentials, kReference, Recorded(answers))), row.as_asked)
        << row.name;
    EXPECT_EQ(Tell(ResolveTag(TwoHosts(), kV21, Puller::kAnonymous, kReference, Recorded(answers))), row.anonymous)
        << row.name;
  }
}

TEST(ResolveTag, ReportsTheErrorThatTheVersionReports) {
  const Answer dead = Failed(Failure::kConnect, "connection refused");
  const std::string dead_text =
      "failed to do request: Head \"https://m/v2/app/manifests/1?ns=reg.io\": connection refused";
  struct Row {
    const char* name;
    ContainerdVersion version;
    std::vector<Answer> answers;
    std::string error;
  };
  const std::string not_found = "reg.io/app:1: not found";
  const std::string upstream_503 =
      "unexpected status from HEAD request to https://reg.io/v2/app/manifests/1: 503 Service Unavailable";
  const Row rows[] = {
      {"1.7: all 404", kV17, {Status(404), Status(404)}, not_found},
      {"2.1: all 404", kV21, {Status(404), Status(404)}, not_found},
      {"1.7: first that is no 404", kV17, {dead, Status(404)}, dead_text},
      {"2.1: 404 masks the dead host", kV21, {dead, Status(404)}, not_found},
      {"1.7: first of two", kV17, {dead, Status(503)}, dead_text},
      {"2.1: status masks the dead host", kV21, {dead, Status(503)}, upstream_503},
      {"2.1: status masks 404", kV21, {Status(404), Status(503)}, upstream_503},
      {"2.1: tie keeps the first",
       kV21,
       {Status(418), Status(503)},
       "unexpected status from HEAD request to https://m/v2/app/manifests/1?ns=reg.io: 418"},
      {"2.1: too large masks status",
       kV21,
       {Ok("old", 5000000), Status(503)},
       "rejecting 5000000 byte manifest for reg.io/app:1: not found"},
      {"1.6: status",
       kV16,
       {Status(404), Status(503)},
       "pulling from host reg.io failed with status code [manifests 1]: 503 Service Unavailable"},
      {"1.6: redirect",
       kV16,
       {Status(304)},
       "pulling from host m failed with unexpected status code [manifests 1]: 304 Not Modified"},
      {"1.7: redirect",
       kV17,
       {Status(304)},
       "unexpected status from HEAD request to https://m/v2/app/manifests/1?ns=reg.io: 304 Not Modified"},
      {"invalid digest",
       kV17,
       {With(Ok("x"), [](Answer& a) { a.digest_header = "sha256:abc"; })},
       "\"sha256:abc\" in header not a valid digest: invalid checksum digest length"},
      {"token",
       kV17,
       {Failed(Failure::kToken, "token server said 500"), Status(404)},
       "failed to authorize: token server said 500"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ErrorOf(ResolveTag(TwoHosts(), row.version, Puller::kWithCredentials, kReference, Recorded(row.answers))),
              kPrefix + row.error)
        << row.name;
  }
}

TEST(ResolveTag, CarriesSizeAndMediaTypeOfTheAcceptedAnswer) {
  const std::vector<Answer> answers = {Ok("old", 4393217), Ok("new", 77)};
  const Resolution resolution = ResolveTag(TwoHosts(), kV17, Puller::kWithCredentials, kReference, Recorded(answers));
  const Resolved& resolved = std::get<Resolved>(resolution.end);
  EXPECT_EQ(resolved.size, 77);
  EXPECT_EQ(resolved.media_type, "application/vnd.oci.image.index.v1+json");
  EXPECT_EQ(resolution.steps[0].status, 200);
}

TEST(ResolveTag, NamesTheHostItCannotConcludeFrom) {
  const std::vector<Answer> answers = {Failed(Failure::kDeadline)};
  const Resolution resolution = ResolveTag(TwoHosts(), kV17, Puller::kWithCredentials, kReference, Recorded(answers));
  EXPECT_EQ(std::get<Undecided>(resolution.end).reason, "https://m/v2 did not answer within tagdrift's own time");
}

TEST(ResolveDigest, GoesThroughManifestsThenBlobs) {
  const std::vector<Answer> none = {};
  const std::vector<Answer> missing = {Status(404), Status(404)};
  const std::vector<Answer> down = {Status(503), Status(404)};
  const std::vector<Answer> dead = {Failed(Failure::kConnect), Failed(Failure::kConnect)};
  const std::vector<Answer> other = {Ok("old")};
  const std::vector<Answer> no_length = {
      With(Ok("old"), [](Answer& a) { a.content_length.reset(), a.get = Get(200, "old"); })};
  struct Row {
    const char* name;
    ContainerdVersion version;
    const std::vector<Answer>& manifests;
    const std::vector<Answer>& blobs;
    const char* expected;
  };
  const Row rows[] = {
      {"nothing asked", kV17, none, none, "-> needs 0"},
      {"header not compared", kV17, other, none, "accepted -> new@0"},
      {"length by GET, hash not compared", kV17, no_length, none, "accepted -> new@0"},
      {"blobs after 404", kV17, missing, none, "not-found not-found -> needs blob 0"},
      {"blob found", kV23, missing, other, "not-found not-found accepted -> new@0"},
      {"nowhere", kV17, missing, missing, "not-found not-found not-found not-found -> fails"},
      {"1.7: blobs after an error", kV17, down, other, "status not-found accepted -> new@0"},
      {"2.1.9: blobs after an error", kV21, down, other, "status not-found accepted -> new@0"},
      {"2.1.10: no blobs after an error", {2, 1, 10}, down, other, "status not-found -> fails"},
      {"2.0.10: blobs after an error", {2, 0, 10}, down, other, "status not-found accepted -> new@0"},
      {"2.0.11: no blobs after an error", {2, 0, 11}, down, other, "status not-found -> fails"},
      {"2.2.5: blobs after an error", {2, 2, 5}, down, other, "status not-found accepted -> new@0"},
      {"2.2.6: no blobs after an error", {2, 2, 6}, down, other, "status not-found -> fails"},
      {"2.3: no blobs after an error", kV23, down, other, "status not-found -> fails"},
      {"2.3: blobs after dead hosts", kV23, dead, other, "transport transport accepted -> new@0"},
  };
  const image::Digest wanted = DigestOf("new");
  for (const Row& row : rows) {
    const Resolution resolution =
        ResolveDigest(TwoHosts(), row.version, Puller::kWithCredentials, "reg.io/app@" + wanted.text(), wanted,
                      Recorded(row.manifests), Recorded(row.blobs));
    EXPECT_EQ(Tell(resolution), row.expected) << row.name;
  }
}

TEST(ResolveDigest, NeedsPullOnly) {
  const RegistryConfig config = Config({Host("r", {Capability::kResolve}), Host("p", {Capability::kPull})});
  const std::vector<Answer> answers = {Ok("new"), Ok("new")};
  const Resolution resolution =
      ResolveDigest(config, kV17, Puller::kWithCredentials, "reg.io/app@" + DigestOf("new").text(), DigestOf("new"),
                    Recorded(answers), Recorded({}));
  EXPECT_EQ(Tell(resolution), "no-capability accepted -> new@1");
}

TEST(ResolveDigest, NamesTheBlobUrlInItsError) {
  const std::vector<Answer> missing = {Status(404), Status(404)};
  const std::vector<Answer> down = {Status(500), Status(404)};
  const std::string reference = "reg.io/app@" + DigestOf("new").text();
  const Resolution resolution = ResolveDigest(TwoHosts(), kV17, Puller::kWithCredentials, reference, DigestOf("new"),
                                              Recorded(missing), Recorded(down));
  EXPECT_EQ(ErrorOf(resolution), "failed to resolve reference \"" + reference +
                                     "\": unexpected status from HEAD request to https://m/v2/app/blobs/" +
                                     DigestOf("new").text() + "?ns=reg.io: 500 Internal Server Error");
}

Answer Content(const std::string& name, std::int64_t size = 500) {
  Answer answer;
  answer.status = 200;
  answer.get = Get(200, name, size);
  return answer;
}

TEST(Fetch, FollowsEachAnswer) {
  struct Row {
    const char* name;
    std::vector<Answer> answers;
    const char* expected;
  };
  const Row rows[] = {
      {"nothing asked yet", {}, "-> needs 0"},
      {"content of the first", {Content("new")}, "accepted -> new@0"},
      {"404 goes on", {Status(404), Content("new")}, "not-found accepted -> new@1"},
      {"500 goes on", {Status(500), Content("new")}, "status accepted -> new@1"},
      {"redirect without Location goes on", {Status(302), Content("new")}, "status accepted -> new@1"},
      {"dead host goes on", {Failed(Failure::kConnect), Content("new")}, "transport accepted -> new@1"},
      {"found nowhere", {Status(404), Status(404)}, "not-found not-found -> fails"},
      {"wrong digest ends", {Content("old"), Content("new")}, "wrong-content -> fails"},
      {"wrong size ends", {Content("new", 501), Content("new")}, "wrong-content -> fails"},
      {"broken off ends",
       {With(Failed(Failure::kClosed), [](Answer& a) { a.status = 200; }), Content("new")},
       "wrong-content -> fails"},
      {"too large for its size ends",
       {With(Status(200), [](Answer& a) { a.too_large = true; }), Content("new")},
       "wrong-content -> fails"},
      {"content not read", {Status(200), Content("new")}, "not-concluded -> undecided@0"},
      {"denied", {Status(401), Content("new")}, "denied -> undecided@0"},
      {"our deadline", {Failed(Failure::kDeadline), Content("new")}, "not-concluded -> undecided@0"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Tell(Fetch(TwoHosts(), Puller::kWithCredentials, DigestOf("new"), Recorded(row.answers), 500)),
              row.expected)
        << row.name;
  }
}

TEST(Fetch, AsksHostsWithoutCapabilityToo) {
  const RegistryConfig config = Config({Host("r", {Capability::kResolve}), Host("reg.io")});
  const std::vector<Answer> answers = {Content("new")};
  EXPECT_EQ(Tell(Fetch(config, Puller::kWithCredentials, DigestOf("new"), Recorded(answers))), "accepted -> new@0");
}

TEST(Fetch, FailsWhereNoHostHasPull) {
  const RegistryConfig config = Config({Host("r", {Capability::kResolve})});
  const std::vector<Answer> answers = {Content("new")};
  const Resolution resolution = Fetch(config, Puller::kWithCredentials, DigestOf("new"), Recorded(answers));
  EXPECT_EQ(ErrorOf(resolution), "no pull hosts: not found");
}

TEST(Fetch, RefusesASizeOfZero) {
  const std::vector<Answer> answers = {Content("new", 0)};
  EXPECT_EQ(Tell(Fetch(TwoHosts(), Puller::kWithCredentials, DigestOf("new"), Recorded(answers), 0)), "-> fails");
}

TEST(Fetch, KeepsTheFirstError) {
  const std::vector<Answer> answers = {Status(502), Status(404)};
  EXPECT_EQ(ErrorOf(Fetch(TwoHosts(), Puller::kWithCredentials, DigestOf("new"), Recorded(answers))),
            "failed to copy: httpReadSeeker: failed open: unexpected status code from https://m/v2: 502 Bad Gateway");
}

TEST(Fetch, GoesOnWithoutCredentials) {
  Answer behind_credentials = Content("new");
  behind_credentials.access = Access::kCredentials;
  const std::vector<Answer> answers = {behind_credentials, Status(404)};
  EXPECT_EQ(Tell(Fetch(TwoHosts(), Puller::kWithCredentials, DigestOf("new"), Recorded(answers))), "accepted -> new@0");
  EXPECT_EQ(Tell(Fetch(TwoHosts(), Puller::kAnonymous, DigestOf("new"), Recorded(answers))),
            "status not-found -> fails");
}

TEST(Fetch, ConcludesNothingFromADigestItCannotCheck) {
  const image::Digest sha512 = *image::Digest::Parse("sha512:" + std::string(128, 'a'));
  const std::vector<Answer> answers = {Content("new")};
  EXPECT_EQ(Tell(Fetch(TwoHosts(), Puller::kWithCredentials, sha512, Recorded(answers))),
            "not-concluded -> undecided@0");
}

}  // namespace
}  // namespace tagdrift::hosts
