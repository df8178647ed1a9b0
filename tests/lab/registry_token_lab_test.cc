// docker-registry with tokens that it verifies.
#include <gmock/gmock.h>

#include "lab_files.h"
#include "registry_lab_fixture.h"
#include "token_service.h"

namespace tagdrift::lab {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class RegistryToken : public RegistryLab {
 protected:
  RegistryToken() : open_("token-storage"), signer_(MakeCertificates(LabRoot() + "/token-signer")) {
    for (const std::string repository : {"public/app", "public/other", "private/app"}) {
      image_ = PushTo(open_, repository);
    }
  }

  /// The same storage behind tokens of `service`, whose signer must be of `root`.
  Registry& Guard(const TokenService& service, const std::string& root) {
    guarded_ = std::make_unique<Registry>(
        "token", RegistryOptions{.auth = service.RegistryAuth(root), .storage_of = "token-storage"});
    return *guarded_;
  }
  Registry& Guard(const TokenService& service) { return Guard(service, signer_.ca); }

  Registry open_;
  Certificates signer_;
  Artifact image_;
  std::unique_ptr<Registry> guarded_;
};

TEST_F(RegistryToken, OpensAPublicRepositoryToAnybody) {
  const TokenService service(signer_);
  Registry& registry = Guard(service);
  Open();
  const hosts::Answer answer = AskOne(HostOf(registry), "public/app");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.digest_header, image_.digest());
  EXPECT_EQ(answer.access, Access::kAnonymousToken);
  EXPECT_THAT(service.Requests(), ElementsAre("GET repository:public/app:pull 200"));
  EXPECT_THAT(registry.TakeRequests(),
              ElementsAre("HEAD /v2/public/app/manifests/v1 401", "HEAD /v2/public/app/manifests/v1 200"));
}

TEST_F(RegistryToken, DeniesAPrivateRepositoryToAStranger) {
  const TokenService service(signer_);
  Registry& registry = Guard(service);
  Open();
  const hosts::Answer answer = AskOne(HostOf(registry), "private/app");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.failure, Failure::kNone);
  EXPECT_EQ(answer.access, Access::kDenied);
  EXPECT_EQ(service.Requests().size(), 1U);
  EXPECT_EQ(registry.TakeRequests().size(), 2U);
}

TEST_F(RegistryToken, OpensAPrivateRepositoryWithThePassword) {
  const TokenService service(signer_);
  Registry& registry = Guard(service);
  Open({}, Login());
  const hosts::Answer first = AskOne(HostOf(registry), "private/app");
  const hosts::Answer second = AskOne(HostOf(registry), "public/other");
  for (const hosts::Answer& answer : {first, second}) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.digest_header, image_.digest());
    EXPECT_EQ(answer.access, Access::kCredentials);
  }
  EXPECT_THAT(service.Requests(),
              ElementsAre("POST  405", "GET repository:private/app:pull 200", "GET repository:public/other:pull 200"))
      << "that the service takes no POST is remembered";
  EXPECT_EQ(CountEnding(registry.TakeRequests(), " 401"), 1);
}

TEST_F(RegistryToken, FailsWithAnotherPasswordAndSaysWhoRefusedIt) {
  const TokenService service(signer_);
  Registry& registry = Guard(service);
  Open({}, Login(kUser, "another"));
  const hosts::Answer answer = AskOne(HostOf(registry), "public/app");
  EXPECT_EQ(answer.failure, Failure::kToken);
  EXPECT_EQ(answer.access, Access::kDenied);
  EXPECT_THAT(answer.failure_detail, HasSubstr("401"));
  EXPECT_EQ(registry.TakeRequests().size(), 1U);
}

TEST_F(RegistryToken, NeedsOneTokenForEachRepositoryOfManyTags) {
  constexpr int kTags = 10;
  for (const std::string repository : {"public/app", "public/other"}) {
    for (int i = 0; i < kTags; ++i) open_.Push(repository, "t" + std::to_string(i), image_);
  }
  const TokenService service(signer_);
  Registry& registry = Guard(service);
  Open();
  for (int i = 0; i < kTags; ++i) {
    for (const std::string repository : {"public/app", "public/other"}) {
      Ask(HostOf(registry), repository, registry::Question::kResolve, "t" + std::to_string(i));
    }
  }
  for (int i = 0; i < 2 * kTags; ++i) EXPECT_EQ(Next().second.answer.digest_header, image_.digest());
  EXPECT_THAT(service.Requests(),
              UnorderedElementsAre("GET repository:public/app:pull 200", "GET repository:public/other:pull 200"));
  const std::vector<std::string> requests = registry.TakeRequests();
  EXPECT_EQ(CountEnding(requests, " 401"), 1);
  EXPECT_EQ(CountEnding(requests, " 200"), 2 * kTags);
}

TEST_F(RegistryToken, GivesUpOnTokensThatHaveRunOutOrAreForSomethingElse) {
  for (const TokenService::Flaw flaw : {TokenService::Flaw::kExpired, TokenService::Flaw::kOtherRepository}) {
    const TokenService service(signer_, flaw);
    Registry& registry = Guard(service);
    Open();
    const hosts::Answer answer = AskOne(HostOf(registry), "public/app");
    EXPECT_EQ(answer.status, 401) << static_cast<int>(flaw);
    EXPECT_EQ(answer.access, Access::kDenied);
    EXPECT_EQ(service.Requests().size(), 1U) << "one token a request";
    EXPECT_EQ(registry.TakeRequests().size(), 2U);
  }
}

TEST_F(RegistryToken, GivesUpOnTokensThatTheRegistryDoesNotBelieve) {
  const Certificates stranger = MakeCertificates(LabRoot() + "/token-stranger");
  const TokenService service(stranger);
  Registry& registry = Guard(service);
  Open();
  const hosts::Answer answer = AskOne(HostOf(registry), "public/app");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.access, Access::kDenied);
  EXPECT_EQ(service.Requests().size(), 1U);
}

}  // namespace
}  // namespace tagdrift::lab
