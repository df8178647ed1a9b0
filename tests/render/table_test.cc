#include <gtest/gtest.h>

#include <sstream>

#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

v1::TagReport Tag(const std::string& reference, v1::Verdict verdict, v1::Cause cause) {
  v1::TagReport tag;
  tag.set_reference(reference);
  tag.set_verdict(verdict);
  tag.set_cause(cause);
  tag.set_cached_digest("sha256:" + std::string(64, 'a'));
  tag.set_origin_digest("sha256:" + std::string(64, verdict == v1::VERDICT_FRESH ? 'a' : 'b'));
  tag.mutable_next_pull()->set_outcome(v1::OUTCOME_FRESH);
  tag.mutable_next_pull()->set_digest(tag.origin_digest());
  tag.set_detail("same digest");
  return tag;
}

v1::NodeReport Report() {
  v1::NodeReport report;
  report.mutable_summary()->set_headline("1 of 2 tags is stale (1 in use): 1 behind mirror.corp");
  *report.add_tags() = Tag("registry.test/a:1", v1::VERDICT_FRESH, v1::CAUSE_NONE);
  v1::TagReport stale = Tag("registry.test/b:1", v1::VERDICT_STALE, v1::CAUSE_STALE_MIRROR);
  stale.set_detail(
      "https://registry.test/v2 has sha256:bbbb; https://mirror.corp/v2 is asked first and still serves sha256:aaaa");
  v1::Use& use = *stale.add_used_by();
  use.set_container_name("app");
  use.set_state("running");
  use.mutable_pod()->set_namespace_("prod");
  use.mutable_pod()->set_name("app-1");
  v1::Remedy& remedy = *stale.add_remedies();
  remedy.set_kind(v1::REMEDY_KIND_PURGE_MIRROR);
  remedy.set_detail("make the mirror forget");
  remedy.set_command("curl -X DELETE 'https://mirror.corp/v2/b/manifests/sha256:aaaa'");
  *report.add_tags() = stale;
  return report;
}

TEST(Table, StartsWithTheAnswer) {
  const std::string text = Render(Report(), Format::kTable, {});
  EXPECT_EQ(text.substr(0, text.find('\n')), "1 of 2 tags is stale (1 in use): 1 behind mirror.corp");
}

TEST(Table, ExplainsOnlyWhatIsNotFine) {
  EXPECT_EQ(Render(Report(), Format::kTable, {}),
            R"(1 of 2 tags is stale (1 in use): 1 behind mirror.corp

VERDICT  USED  CACHED    ORIGIN    NEXT PULL  REFERENCE
FRESH    -     aaaaaaaa  aaaaaaaa  aaaaaaaa   registry.test/a:1
STALE    1     aaaaaaaa  bbbbbbbb  bbbbbbbb   registry.test/b:1

registry.test/b:1
  why   STALE_MIRROR: https://registry.test/v2 has sha256:bbbb;
        https://mirror.corp/v2 is asked first and still serves sha256:aaaa
  used  prod/app-1 app (running)
  fix   PURGE_MIRROR: make the mirror forget
        $ curl -X DELETE 'https://mirror.corp/v2/b/manifests/sha256:aaaa'
)");
}

TEST(Table, WrapsProseAtTheTerminalsWidth) {
  std::istringstream lines(Render(Report(), Format::kTable, {.color = false, .width = 60}));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("  why ", 0) != 0) continue;
    EXPECT_LE(line.size(), 60U) << line;
  }
}

TEST(Table, UsesColorOnlyWhereAsked) {
  EXPECT_EQ(Render(Report(), Format::kTable, {}).find('\033'), std::string::npos);
  EXPECT_NE(Render(Report(), Format::kTable, {.color = true}).find("\033[31mSTALE"), std::string::npos);
}

TEST(Table, DoesNotLetARegistrySteerTheTerminal) {
  v1::NodeReport report = Report();
  report.mutable_tags(1)->set_detail("answered 500 \033[2J\r\nowned");
  const std::string text = Render(report, Format::kTable, {});
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Table, ShowsFindingsThatChangeAPull) {
  v1::NodeReport report = Report();
  v1::RegistryReport& registry = *report.add_registries();
  registry.set_registry("registry.test");
  v1::Note& note = *registry.add_notes();
  note.set_kind(v1::NOTE_KIND_FILE_IGNORED);
  note.set_severity(v1::SEVERITY_MIRROR_UNUSED);
  note.set_file("/etc/containerd/certs.d/registry.test/hosts.toml");
  note.set_line(3);
  note.set_detail("is not valid TOML");
  EXPECT_NE(Render(report, Format::kTable, {.color = false, .width = 200})
                .find("note    registry.test: /etc/containerd/certs.d/registry.test/hosts.toml:3: is not valid TOML"),
            std::string::npos);
}

TEST(Wide, ShowsCauseAndWalk) {
  v1::NodeReport report = Report();
  v1::WalkStep& step = *report.mutable_tags(1)->mutable_next_pull()->add_walk();
  step.set_url("https://mirror.corp/v2");
  step.set_answer("200 sha256:aaaa");
  step.set_why(v1::WALK_REASON_ACCEPTED);
  const std::string text = Render(report, Format::kWide, {});
  EXPECT_NE(text.find("STALE_MIRROR"), std::string::npos);
  EXPECT_NE(text.find("  walk  https://mirror.corp/v2: ACCEPTED 200 sha256:aaaa"), std::string::npos) << text;
}

TEST(Names, AreReferencesOnly) {
  EXPECT_EQ(Render(Report(), Format::kName, {}), "registry.test/a:1\nregistry.test/b:1\n");
}

TEST(KeepStale, KeepsStaleAndGone) {
  v1::NodeReport report = Report();
  *report.add_tags() = Tag("registry.test/c:1", v1::VERDICT_GONE, v1::CAUSE_TAG_DELETED);
  *report.add_tags() = Tag("registry.test/d:1", v1::VERDICT_UNDECIDED, v1::CAUSE_UNAUTHORIZED);
  KeepStale(report);
  EXPECT_EQ(Render(report, Format::kName, {}), "registry.test/b:1\nregistry.test/c:1\n");
}

}  // namespace
}  // namespace tagdrift::render
