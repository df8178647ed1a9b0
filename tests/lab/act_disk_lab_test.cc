// Actions on a real containerd whose root is too small for what would come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>

#include "act_run.h"
#include "failure.h"
#include "lab_files.h"
#include "lab_fixture.h"
#include "scripted_registry.h"
#include "tagdrift/image/digest.h"
#include "tar.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kRootSize = "size=48m";
constexpr std::size_t kLarge = 64 << 20;

/// Before the lab: its containerd keeps everything on a small file system then.
class SmallRoot : public testing::Environment {
 public:
  void SetUp() override {
    const std::string root = LabRoot() + "/containerd/root";
    std::filesystem::create_directories(root);
    if (mount("small", root.c_str(), "tmpfs", 0, kRootSize) != 0) GiveUp("mounting a tmpfs on " + root);
  }
};

[[maybe_unused]] const testing::Environment* const kSmallRoot = testing::AddGlobalTestEnvironment(new SmallRoot);

std::string DigestOf(const std::string& bytes) { return image::Digest::OfBytes(bytes).text(); }

/// An image whose one layer is small as it travels and large when it is unpacked.
Artifact Swelling() {
  Tar tar;
  tar.Add("zeros", std::string(kLarge, '\0'));
  const std::string unpacked = tar.Bytes();
  const std::string packed = RunOrGiveUp({"gzip", "-c"}, {.input = unpacked});
  const std::string type = "application/vnd.oci.image.layer.v1.tar+gzip";
  json config = {{"created", "2024-02-01T00:00:00Z"}, {"architecture", ImageSpec::NodeArchitecture()}, {"os", "linux"}};
  config["rootfs"] = {{"type", "layers"}, {"diff_ids", {DigestOf(unpacked)}}};
  Artifact image = MakeImage({.text = "swelling"});
  image.blobs = {{image.blobs[0].media_type, DigestOf(config.dump()), config.dump()}, {type, DigestOf(packed), packed}};
  json manifest = json::parse(image.document.bytes);
  manifest["config"]["digest"] = image.blobs[0].digest;
  manifest["config"]["size"] = image.blobs[0].bytes.size();
  manifest["layers"] = {{{"mediaType", type}, {"digest", image.blobs[1].digest}, {"size", packed.size()}}};
  image.document.bytes = manifest.dump();
  image.document.digest = DigestOf(image.document.bytes);
  return image;
}

/// The node has v1 of a tag; the registry is about to have another.
struct SmallNode {
  explicit SmallNode(const std::string& name)
      : v1(MakeImage({.text = name, .created = "2024-01-01T00:00:00Z"})), reference(name + ".test/app:latest") {
    registry.Push("latest", v1);
    TheLab().containerd().SetHosts(name + ".test", registry.url(), {{.url = registry.url()}});
    const auto pulled = TheLab().cri().Pull(reference);
    EXPECT_TRUE(pulled.ok()) << pulled.status();
    before = Names(TheLab());
  }

  ScriptedRegistry registry;
  Artifact v1;
  std::string reference;
  std::string before;
};

TEST(ActionsOnASmallDisk, RefuseWhatTheManifestSaysIsTooLarge) {
  SmallNode node("too-large");
  Artifact large = MakeImage({.text = std::string(kLarge / 2, 'x'), .created = "2024-02-01T00:00:00Z"});
  node.registry.Push("latest", large);
  for (const char* action : {"refresh", "prepull"}) {
    const ActRun run = Act(TheLab(), {action, "--yes", node.reference});
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.Refusals(), ElementsAre("REFUSAL_KIND_DISK_TOO_FULL")) << run.report.dump(2);
  }
  EXPECT_EQ(Names(TheLab()), node.before);
}

TEST(ActionsOnASmallDisk, LeaveTheNodeAsItWasWhenUnpackingFillsIt) {
  SmallNode node("swelling");
  const Artifact image = Swelling();
  node.registry.Push("latest", image);

  const ActRun run = Act(TheLab(), {"refresh", "--yes", node.reference});

  EXPECT_EQ(run.exit_code, 2) << run.report.dump(2) << run.err;
  EXPECT_EQ(run.State(), "ACTION_STATE_FAILED");
  EXPECT_EQ(Names(TheLab()), node.before);
  EXPECT_EQ(TheLab().containerd().Target(node.reference), node.v1.digest());
  EXPECT_THAT(TheLab().containerd().Ctr({"content", "list", "-q"}), Not(HasSubstr(image.blobs[1].digest)));
}

}  // namespace
}  // namespace tagdrift::lab
