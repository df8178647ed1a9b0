// `tagdrift explain` on a real containerd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "check_run.h"
#include "lab_fixture.h"

namespace tagdrift::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

std::string Short(const std::string& digest) { return digest.substr(sizeof "sha256:" - 1, 12); }

Output Explain(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "explain");
  return RunTagdrift(TheLab(), arguments);
}

json ExplainedTag(const std::string& subject) {
  const Output output = Explain({"-o", "json", subject});
  const json report = json::parse(output.out, nullptr, false);
  const bool has_one = report.is_object() && report["tags"].size() == 1;
  EXPECT_TRUE(has_one) << output.out << output.err;
  return has_one ? report["tags"][0] : json::object();
}

json ImageOf(const json& tag, const std::string& digest) {
  for (const json& image : tag.value("images", json::array())) {
    if (image["digest"] == digest) return image;
  }
  ADD_FAILURE() << "nothing of " << digest << " in " << tag.dump(2);
  return json::object();
}

/// NAME.test behind a mirror that still has the first of two images; the node has pulled that.
struct StaleMirror {
  explicit StaleMirror(const std::string& name)
      : v1(MakeImage({.text = name + " v1", .created = "2024-01-01T00:00:00Z", .runnable = true})),
        v2(MakeIndex({MakeImage({.text = name + " v2", .created = "2024-02-01T00:00:00Z"})})),
        reference(name + ".test/" + name + "/app:latest") {
    TheLab().mirror().Push(name + "/app", "latest", v1);
    TheLab().upstream().Push(name + "/app", "latest", v1);
    TheLab().upstream().Push(name + "/app", "latest", v2);
    TheLab().containerd().SetHosts(name + ".test", TheLab().upstream().url(), {{.url = TheLab().mirror().url()}});
  }

  Artifact v1;
  Artifact v2;
  std::string reference;
};

TEST(ExplainOnNode, TellsTheWholeChainOfAStaleMirror) {
  const StaleMirror app("explain");
  ASSERT_TRUE(TheLab().cri().Pull(app.reference).ok());

  const Output output = Explain({app.reference});

  EXPECT_EQ(output.exit_code, 1) << output.err;
  EXPECT_THAT(output.out,
              StartsWith("STALE: " + TheLab().mirror().host() + " serves an old image, and the next pull brings it\n"));
  for (const std::string& part :
       {Short(app.v1.digest()), Short(app.v1.image_id()), Short(app.v2.digest()), Short(app.v2.manifests[0].image_id()),
        "BEHIND: has " + Short(app.v1.digest()), "IN_SYNC: has " + Short(app.v2.digest()),
        "so it brings " + Short(app.v1.digest()) + " from " + TheLab().mirror().host(),
        std::string("no host asks for any"), std::string("1. FIX_HOSTS_TOML"),
        std::string("built 2024-01-01 00:00:00Z")}) {
    EXPECT_THAT(output.out, HasSubstr(part));
  }
  const json tag = ExplainedTag(app.reference);
  const json cached = ImageOf(tag, app.v1.digest());
  EXPECT_EQ(cached["imageId"], app.v1.image_id());
  EXPECT_THAT(cached.value("mediaType", ""), HasSubstr("manifest"));
  const json origin = ImageOf(tag, app.v2.digest());
  EXPECT_EQ(origin["manifest"], app.v2.manifests[0].digest());
  EXPECT_EQ(origin["imageId"], app.v2.manifests[0].image_id());
  EXPECT_THAT(origin.value("mediaType", ""), HasSubstr("index"));
  ExpectPullAsForecast(TheLab(), tag);
}

TEST(ExplainOnNode, OfAReferenceThatIsNotCachedForecastsItsFirstPull) {
  const StaleMirror app("uncached");

  const Output output = Explain({app.reference});

  EXPECT_EQ(output.exit_code, 2) << output.err;
  EXPECT_THAT(output.out, StartsWith("NOT CACHED on this node; a pull brings another image from " +
                                     TheLab().mirror().host() + "\n"));
  const json tag = ExplainedTag(app.reference);
  EXPECT_EQ(tag["notCached"], true);
  EXPECT_EQ(tag["cause"], "CAUSE_NOT_CACHED");
  EXPECT_EQ(tag["originDigest"], app.v2.digest());
  EXPECT_EQ(TheLab().containerd().Target(app.reference), "") << "explaining brought it here";
  ExpectPullAsForecast(TheLab(), tag);
  EXPECT_THAT(Explain({app.reference.substr(0, app.reference.rfind(':')) + ":v7"}).out, HasSubstr(app.reference));
}

TEST(ExplainOnNode, SaysThatTheRegistryIsDownAndWhatTheMirrorHas) {
  const StaleMirror app("down");
  ASSERT_TRUE(TheLab().cri().Pull(app.reference).ok());
  TheLab().upstream().Stop();
  const Output output = Explain({app.reference});
  TheLab().upstream().Start();

  EXPECT_EQ(output.exit_code, 2) << output.err;
  EXPECT_THAT(output.out, StartsWith("UNDECIDED: " + TheLab().upstream().host() + " does not answer\n"));
  EXPECT_THAT(output.out, HasSubstr("UNREACHABLE: "));
  EXPECT_THAT(output.out, HasSubstr("UNDECIDED: has " + Short(app.v1.digest())));
}

TEST(ExplainOnNode, OfAPodTellsTheTagsOfItsContainers) {
  const StaleMirror app("podded");
  const auto image_id = TheLab().cri().Pull(app.reference);
  ASSERT_TRUE(image_id.ok()) << image_id.status();
  const auto pod = TheLab().cri().Run({.name = "podded-0", .image_id = *image_id, .requested = app.reference});
  ASSERT_TRUE(pod.ok()) << pod.status();

  const Output output = Explain({"default/podded-0"});
  const Output mistyped = Explain({"default/podde-0"});
  EXPECT_TRUE(TheLab().cri().Remove(*pod).ok());

  EXPECT_EQ(output.exit_code, 1) << output.err;
  EXPECT_THAT(output.out, StartsWith("default/podded-0: 1 of 1 "));
  EXPECT_THAT(output.out, HasSubstr("\n" + app.reference + "\n"));
  EXPECT_EQ(mistyped.exit_code, 2);
  EXPECT_THAT(mistyped.err, HasSubstr("here are default/podded-0"));
}

}  // namespace
}  // namespace tagdrift::lab
