#include "tagdrift/record/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "field_count.h"
#include "filled.h"
#include "judge/world.h"
#include "tagdrift/report/report.h"

namespace tagdrift::record {
namespace {

using testing::HasSubstr;
using testing::Not;

template <class T>
T Filled() {
  return Filler().Filled<T>();
}

/// All of it, with a route for each tag.
Recording FilledRecording() {
  auto recording = Filled<Recording>();
  judge::Route route = recording.round.routes.begin()->second;
  route.same_requests_as = {0, 1, 2, 3};
  route.origin = 3;
  recording.round.routes = {{"r.test", route}};
  for (std::size_t i = 0; i < 2; ++i) recording.round.containers[i].request.container = i;
  std::vector<report::JudgedTag*> tags;
  for (auto* judged : {&recording.round.tags, &recording.round.asked_for}) {
    for (report::JudgedTag& tag : *judged) tags.push_back(&tag);
  }
  for (report::JudgedTag* judged : tags) {
    report::JudgedTag& tag = *judged;
    auto answers = std::exchange(tag.facts.answers, {});
    for (auto& [ask, answer] : answers) {
      tag.facts.answers.emplace(judge::HostQuery{ask.host % 4, ask.kind, ask.digest, ask.media_type}, answer);
    }
    const hosts::Answer first = tag.facts.first_answers.begin()->second;
    tag.facts.first_answers = {{3, first}};
    for (judge::Delivery& delivery : tag.wanted->deliveries) delivery.host %= 4;
  }
  return recording;
}

TEST(RecordedFacts, AreTheSameWhenReadAgainWithEveryFieldSet) {
  const std::string text = Write(FilledRecording());
  const auto read = ReadRecording(text);
  ASSERT_TRUE(read.ok()) << read.status() << "\n" << text;
  EXPECT_EQ(Write(*read), text);
}

TEST(RecordedFacts, AreTheSameWhenReadAgainWithNoFieldSet) {
  const std::string text = Write(Recording{});
  const auto read = ReadRecording(text);
  ASSERT_TRUE(read.ok()) << read.status() << "\n" << text;
  EXPECT_EQ(Write(*read), text);
}

/// A member that was added to a struct and not to its Fields.
TEST(RecordedFacts, NameEveryMemberOfTheirStructs) {
  // Members that are left out on purpose.
  const std::map<std::string, std::size_t> left_out = {
      {typeid(hosts::PemFile).name(), 1},           // bytes
      {typeid(hosts::RegistrySettings).name(), 1},  // endpoint_auths
      {typeid(judge::Disk).name(), 1},              // threshold_percent
      {typeid(report::JudgedTag).name(), 2},        // result, and asked_at, which the answers tell
  };
  FieldCounter counter;
  counter.Visit(Filled<Recording>());
  counter.Visit(facts::Content(Filled<facts::NotThere>()));
  counter.Visit(facts::Content(Filled<image::Document>()));
  counter.Visit(image::Document(Filled<image::Manifest>()));
  EXPECT_GT(counter.of().size(), 30U);
  for (const auto& [type, counts] : counter.of()) {
    const auto fewer = left_out.find(type);
    EXPECT_EQ(counts.fields + (fewer == left_out.end() ? 0 : fewer->second), counts.members) << type;
  }
}

TEST(RecordedFacts, OfTheFirstFormatAreReadToo) {
  auto file = nlohmann::json::parse(Write(FilledRecording()));
  file["version"] = 1;
  for (const char* later : {"disk", "sandbox_image"}) file["round"].erase(later);
  for (const char* tags : {"tags", "asked_for"}) {
    for (auto& tag : file["round"][tags]) tag.erase("wanted");
  }
  const auto read = ReadRecording(file.dump());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->round.disk);
  EXPECT_EQ(read->round.tags.size(), 2U);
}

TEST(RecordedFacts, KeepBytesThatAreNoText) {
  Recording recording;
  recording.patterns = {std::string("\xff\x00\xfe", 3), "\xc3\xa9", "a\nb"};
  const auto read = ReadRecording(Write(recording));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->patterns, recording.patterns);
}

TEST(RecordedFacts, KeepTimesToTheNanosecondAndWithoutEnd) {
  Recording recording;
  recording.round.checked_at = absl::FromUnixNanos(1'700'000'000'123'456'789);
  recording.round.rules.now = absl::InfiniteFuture();
  const auto read = ReadRecording(Write(recording));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->round.checked_at, recording.round.checked_at);
  EXPECT_EQ(read->round.rules.now, absl::InfiniteFuture());
}

TEST(RecordedFacts, HoldNoSecret) {
  Recording recording;
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = "mirror.test";
  host.headers = {{"Authorization", {"Bearer secret-header"}}};
  host.ca = {{"/ca.pem", "secret-ca"}};
  host.clients = {{{"/client.pem", "secret-certificate"}, {"/client.key", "secret-key"}}};
  hosts::RegistryConfig config;
  config.registry = "r.test";
  config.hosts = {host};
  recording.round.routes.emplace("r.test", judge::MakeRoute(config, {2, 1, 9}, std::nullopt));
  recording.round.settings.headers = {{"X-Meta", {"secret-value"}}};
  recording.round.settings.mirrors = {{"r.test", {"https://user:secret-password@m.test"}}};
  recording.round.settings.endpoint_auths = {{"m.test", {"secret-user", "secret-pass", "secret-auth", "secret-token"}}};
  const std::string text = Write(recording);
  EXPECT_THAT(text, Not(HasSubstr("secret")));
  EXPECT_THAT(text, HasSubstr("Authorization"));
  EXPECT_THAT(text, HasSubstr("/client.key"));
}

/// Hosts that sent the same requests by the values that are not in the file still do, and no others.
TEST(RecordedFacts, KeepWhichHostsAnswerForEachOther) {
  hosts::RegistryHost host;
  host.scheme = "https";
  host.host = "mirror.test";
  host.headers = {{"Authorization", {"one"}}};
  hosts::RegistryConfig config;
  config.registry = "r.test";
  config.hosts = {host, host, host};
  config.hosts[1].headers["Authorization"] = {"two"};
  Recording recording;
  recording.round.routes.emplace("r.test", judge::MakeRoute(config, {2, 1, 9}, std::nullopt));
  const auto read = ReadRecording(Write(recording));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->round.routes.at("r.test").same_requests_as, (std::vector<std::size_t>{0, 1, 0}));
}

struct Broken {
  const char* name;
  std::function<std::string(nlohmann::json)> text;
  const char* says;
};

TEST(RecordedFacts, ReadingAFileThatIsNoneSaysWhere) {
  const auto changed = [](const std::string& pointer, const nlohmann::json& value) {
    return [=](nlohmann::json file) {
      file[nlohmann::json::json_pointer(pointer)] = value;
      return file.dump();
    };
  };
  const Broken kBroken[] = {
      {"nothing", [](const auto&) { return ""; }, "not JSON, or cut off"},
      {"cut off", [](const auto& file) { return file.dump().substr(0, 200); }, "not JSON, or cut off"},
      {"nested without end", [](const auto&) { return std::string(1 << 20, '['); }, "not JSON, or cut off"},
      {"other JSON", [](const auto&) { return R"({"tags":[]})"; }, "does not say that it is one"},
      {"a list", [](const auto&) { return "[]"; }, "does not say that it is one"},
      {"the other kind of file", changed("/format", "tagdrift history"), "does not say that it is one"},
      {"a newer format", changed("/version", 3), "format version 3"},
      {"a version that is no number", changed("/version", "1"), "does not say that it is one"},
      {"an unknown field", changed("/round/tags/0/facts/colour", 1),
       "round.tags[0].facts has the unknown field 'colour'"},
      {"an unknown value", changed("/round/tags/0/facts/image/provenance", "mars"),
       "round.tags[0].facts.image.provenance has the unknown value 'mars'"},
      {"no digest", changed("/round/tags/1/facts/image/target", "sha256:12"),
       "round.tags[1].facts.image.target 'sha256:12'"},
      {"no time", changed("/round/checked_at", "noon"), "round.checked_at 'noon' is no time"},
      {"a number that does not fit", changed("/round/settings/notes/0/line", 1e18), "round.settings.notes[0].line"},
      {"a number below zero", changed("/round/tags_on_node", -1), "round.tags_on_node"},
      {"another type", changed("/round/node", 1), "round.node is no object"},
      {"a host that is not there", changed("/round/routes/r.test/origin", 4), "host that is not there"},
      {"an answer of no host", changed("/round/tags/0/facts/first_answers/0/0", 9), "unknown hosts"},
      {"a delivery by no host", changed("/round/tags/0/wanted/deliveries/0/host", 9), "unknown hosts"},
      {"a tag without a route", changed("/round/tags/0/facts/image/reference", "other.test/a:1"), "unknown hosts"},
  };
  const auto file = nlohmann::json::parse(Write(FilledRecording()));
  ASSERT_TRUE(ReadRecording(file.dump()).ok());
  for (const Broken& broken : kBroken) {
    const auto read = ReadRecording(broken.text(file));
    ASSERT_FALSE(read.ok()) << broken.name;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(broken.says)) << broken.name;
  }
}

nlohmann::json ReadTable() {
  std::ifstream file(TAGDRIFT_TEST_DATA "/verdicts.json");
  return nlohmann::json::parse(file);
}

/// Every scenario that is judged at all: the report is the same, byte for byte.
TEST(RecordedFacts, YieldTheSameReportForEveryRowOfTheVerdicts) {
  const nlohmann::json table = ReadTable();
  ASSERT_GT(table.at("rows").size(), 50U);
  for (const nlohmann::json& row : table.at("rows")) {
    judge::World world(table.at("images"), row);
    Recording live;
    live.invocation = {.program = "/opt/tagdrift", .options = {"--origin", "a=https://b"}};
    report::Round& round = live.round;
    round.rules = world.context;
    round.node.runtime = {.name = "containerd", .version = "2.1.9", .has_image_store = true};
    const judge::TagResult result = world.Judge();
    round.routes.emplace(world.route.config.registry, world.route);
    round.tags.push_back({.facts = world.tag, .result = result});
    const auto read = ReadRecording(Write(live));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(report::ToMessage(read->round, read->invocation).SerializeAsString(),
              report::ToMessage(round, live.invocation).SerializeAsString())
        << row.at("name");
  }
}

}  // namespace
}  // namespace tagdrift::record
