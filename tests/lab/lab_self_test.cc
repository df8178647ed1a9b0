// What the lab's parts do, and the behaviour of containerd that makes tagdrift necessary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab_files.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(LabSelf, PullBringsWhatWasPushed) {
  Lab& lab = TheLab();
  const Artifact image = MakeImage({.text = "pulled"});
  lab.upstream().Push("self/pull", "v1", image);
  const std::string name = lab.upstream().host() + "/self/pull:v1";

  const auto id = lab.cri().Pull(name);

  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*id, image.image_id());
  EXPECT_EQ(lab.containerd().Target(name), image.digest());
}

TEST(LabSelf, ContainerRunsThePulledText) {
  Lab& lab = TheLab();
  lab.upstream().Push("self/run", "v1", MakeImage({.text = "hello from v1", .runnable = true}));
  const std::string name = lab.upstream().host() + "/self/run:v1";
  const auto id = lab.cri().Pull(name);
  ASSERT_TRUE(id.ok()) << id.status();

  const auto pod = lab.cri().Run({.name = "runs", .image_id = *id, .requested = name});

  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_EQ(FirstLine(*pod), "hello from v1");
  EXPECT_TRUE(lab.cri().Remove(*pod).ok());
}

TEST(LabSelf, StaleMirrorHidesTheNewTag) {
  Lab& lab = TheLab();
  const Artifact old_image = MakeImage({.text = "old"});
  const Artifact new_image = MakeImage({.text = "new"});
  lab.mirror().Push("self/app", "latest", old_image);
  lab.upstream().Push("self/app", "latest", new_image);
  lab.containerd().SetHosts("self-stale.test", lab.upstream().url(), {{.url = lab.mirror().url()}});

  ASSERT_TRUE(lab.cri().Pull("self-stale.test/self/app:latest").ok());

  EXPECT_EQ(lab.containerd().Target("self-stale.test/self/app:latest"), old_image.digest());
}

TEST(LabSelf, CriListsCannotPairTagsOfOneImage) {
  Lab& lab = TheLab();
  const Artifact image = MakeImage({.text = "shared"});
  const Artifact index = MakeIndex({image});
  lab.upstream().Push("self/pair", "latest", image);
  lab.upstream().Push("self/pair", "multi", index);
  const std::string repository = lab.upstream().host() + "/self/pair";
  ASSERT_TRUE(lab.cri().Pull(repository + ":latest").ok());
  ASSERT_TRUE(lab.cri().Pull(repository + ":multi").ok());

  const auto status = lab.cri().ImageStatus(repository + ":latest");
  ASSERT_TRUE(status.ok() && status->has_value()) << status.status();

  EXPECT_THAT((*status)->repo_tags, testing::UnorderedElementsAre(repository + ":latest", repository + ":multi"));
  EXPECT_THAT((*status)->repo_digests,
              testing::UnorderedElementsAre(repository + "@" + image.digest(), repository + "@" + index.digest()));
  EXPECT_EQ(lab.containerd().Target(repository + ":latest"), image.digest());
  EXPECT_EQ(lab.containerd().Target(repository + ":multi"), index.digest());
}

TEST(LabSelf, PullThroughMirrorFollowsItsUpstream) {
  Lab& lab = TheLab();
  const Artifact image = MakeImage({.text = "through"});
  Registry pull_through("self-pull-through", {.pull_through = lab.upstream().url()});
  lab.upstream().Push("self/through", "v1", image);
  EXPECT_EQ(pull_through.Digest("self/through", "v1"), image.digest());
}

TEST(LabSelf, PullTrustsTheConfiguredCa) {
  Lab& lab = TheLab();
  const Certificates certificates = MakeCertificates(LabRoot() + "/self-tls");
  Registry https("self-https", {.certificates = certificates});
  https.Push("self/tls", "v1", MakeImage({.text = "over TLS"}));
  lab.containerd().SetHosts("self-tls.test", https.url(),
                            {{.url = https.url(), .more = "  ca = \"" + certificates.ca + "\"\n"}});
  lab.containerd().SetHosts("self-untrusted.test", https.url(), {{.url = https.url()}});

  EXPECT_TRUE(lab.cri().Pull("self-tls.test/self/tls:v1").ok());
  EXPECT_FALSE(lab.cri().Pull("self-untrusted.test/self/tls:v1").ok());
}

TEST(LabSelf, PasswordOpensTheGuardedRegistry) {
  Lab& lab = TheLab();
  Registry guarded("self-guarded", {.wants_password = true});
  guarded.Push("self/secret", "v1", MakeImage({.text = "secret"}));
  const std::string name = guarded.host() + "/self/secret:v1";

  EXPECT_FALSE(lab.cri().Pull(name).ok());
  const auto id = lab.cri().Pull(name, true);
  EXPECT_TRUE(id.ok()) << id.status();
}

TEST(LabSelf, StoppedRegistryKeepsItsContent) {
  Registry registry("self-restarted");
  const Artifact image = MakeImage({.text = "kept"});
  registry.Push("self/kept", "v1", image);
  registry.Stop();
  EXPECT_EQ(registry.Digest("self/kept", "v1"), "");
  registry.Start();
  EXPECT_EQ(registry.Digest("self/kept", "v1"), image.digest());
}

TEST(LabSelf, DeletedTagIsGone) {
  Lab& lab = TheLab();
  const Artifact image = MakeImage({.text = "deleted"});
  lab.upstream().Push("self/deleted", "v1", image);
  lab.upstream().Delete("self/deleted", image.digest());
  EXPECT_EQ(lab.upstream().Digest("self/deleted", "v1"), "");
}

TEST(LabSelf, RequestsAreListedInOrder) {
  Lab& lab = TheLab();
  lab.upstream().Push("self/log", "v1", MakeImage({.text = "logged"}));
  lab.upstream().TakeRequests();
  lab.upstream().Digest("self/log", "v1");
  lab.upstream().Digest("self/log", "v2");
  EXPECT_THAT(lab.upstream().TakeRequests(),
              ElementsAre("HEAD /v2/self/log/manifests/v1 200", "HEAD /v2/self/log/manifests/v2 404"));
}

TEST(LabSelf, ImportedImageHasNoSource) {
  Lab& lab = TheLab();
  const Artifact image = MakeImage({.text = "imported"});
  lab.Import("self-import.test/app:v1", image);

  EXPECT_EQ(lab.containerd().Target("self-import.test/app:v1"), image.digest());
  const auto status = lab.cri().ImageStatus("self-import.test/app:v1");
  ASSERT_TRUE(status.ok() && status->has_value()) << status.status();
  EXPECT_EQ((*status)->id, image.image_id());
  EXPECT_THAT(lab.containerd().Ctr({"content", "list"}), testing::Not(HasSubstr("self-import.test")));
}

TEST(LabSelf, RemoveTakesSiblingTagsAlong) {
  Lab& lab = TheLab();
  const Artifact image = MakeImage({.text = "siblings"});
  const std::string repository = lab.upstream().host() + "/self/siblings";
  for (const std::string tag : {"a", "b"}) {
    lab.upstream().Push("self/siblings", tag, image);
    ASSERT_TRUE(lab.cri().Pull(repository + ":" + tag).ok());
  }
  ASSERT_TRUE(lab.cri().Remove(repository + ":b").ok());
  EXPECT_EQ(lab.containerd().Target(repository + ":a"), "");
}

TEST(LabSelf, RestartKeepsImagesAndContainers) {
  Lab& lab = TheLab();
  lab.upstream().Push("self/restart", "v1", MakeImage({.text = "still here", .runnable = true}));
  const std::string name = lab.upstream().host() + "/self/restart:v1";
  const auto id = lab.cri().Pull(name);
  ASSERT_TRUE(id.ok()) << id.status();
  const auto pod = lab.cri().Run({.name = "stays", .image_id = *id, .requested = name});
  ASSERT_TRUE(pod.ok()) << pod.status();

  lab.containerd().Restart();

  const auto status = lab.cri().ImageStatus(name);
  ASSERT_TRUE(status.ok() && status->has_value()) << status.status();
  EXPECT_THAT((*status)->repo_tags, Contains(name));
  EXPECT_TRUE(lab.cri().Remove(*pod).ok());
}

}  // namespace
}  // namespace tagdrift::lab
