// docker-registry behind a password file.
#include <gmock/gmock.h>

#include "registry_lab_fixture.h"

namespace tagdrift::lab {
namespace {

using hosts::Access;
using hosts::Failure;
using testing::ElementsAre;

class RegistryPassword : public RegistryLab {
 protected:
  RegistryPassword() : registry_("password", {.wants_password = true}), image_(PushTo(registry_, "app")) {
    registry_.Push("app", "v2", image_);
    registry_.TakeRequests();
  }

  Registry registry_;
  Artifact image_;
};

TEST_F(RegistryPassword, OpensAfterOneChallengeAndIsRememberedAfterIt) {
  Open({}, Login());
  const hosts::Answer first = AskOne(HostOf(registry_), "app");
  const hosts::Answer second = AskOne(HostOf(registry_), "app", "v2");
  for (const hosts::Answer& answer : {first, second}) {
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.digest_header, image_.digest());
    EXPECT_EQ(answer.access, Access::kCredentials);
    EXPECT_EQ(answer.failure, Failure::kNone);
  }
  EXPECT_THAT(registry_.TakeRequests(), ElementsAre("HEAD /v2/app/manifests/v1 401", "HEAD /v2/app/manifests/v1 200",
                                                    "HEAD /v2/app/manifests/v2 200"));
  EXPECT_EQ(client_->counts().connections, 1U);
}

TEST_F(RegistryPassword, IsDeniedWithAnotherPasswordForExistingAndMissingAlike) {
  Open({}, Login(kUser, "another"));
  for (const std::string tag : {"v1", "missing"}) {
    const hosts::Answer answer = AskOne(HostOf(registry_), "app", tag);
    EXPECT_EQ(answer.access, Access::kDenied);
    EXPECT_EQ(answer.status, 401);
    EXPECT_FALSE(answer.digest_header.has_value());
  }
  EXPECT_EQ(CountEnding(registry_.TakeRequests(), " 401"), 3) << "a challenge, and one try each";
}

TEST_F(RegistryPassword, IsDeniedWithoutAPassword) {
  Open();
  const hosts::Answer answer = AskOne(HostOf(registry_), "app");
  EXPECT_EQ(answer.failure, Failure::kToken);
  EXPECT_EQ(answer.access, Access::kDenied);
  EXPECT_THAT(registry_.TakeRequests(), ElementsAre("HEAD /v2/app/manifests/v1 401"));
}

TEST_F(RegistryPassword, SaysThatATagIsMissingOnceThePasswordIsRight) {
  Open({}, Login());
  Ask(HostOf(registry_), "app", registry::Question::kConfirm, "missing");
  const hosts::Answer answer = Next().second.answer;
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.error_code, "MANIFEST_UNKNOWN");
  EXPECT_EQ(answer.access, Access::kCredentials);
}

}  // namespace
}  // namespace tagdrift::lab
