#include <gtest/gtest.h>

#include <string>

#include "tagdrift/render/exit_code.h"
#include "tagdrift/render/render.h"

namespace tagdrift::render {
namespace {

v1::RegistryReport RegistryWith(v1::Severity severity) {
  v1::RegistryReport registry;
  registry.set_registry("registry.test");
  v1::Note& note = *registry.add_notes();
  note.set_severity(severity);
  note.set_detail("planted finding");
  return registry;
}

bool CheckShows(v1::Severity severity) {
  v1::NodeReport report;
  *report.add_registries() = RegistryWith(severity);
  return Render(report, Format::kTable, {}).find("planted finding") != std::string::npos;
}

int MirrorsExitCode(v1::Severity severity) {
  v1::MirrorsReport report;
  *report.add_registries() = RegistryWith(severity);
  return ExitCode(report);
}

TEST(Findings, AreShownByCheckWhereTheyChangeAPull) {
  EXPECT_FALSE(CheckShows(v1::SEVERITY_INFO));
  EXPECT_TRUE(CheckShows(v1::SEVERITY_WARNING));
  EXPECT_TRUE(CheckShows(v1::SEVERITY_MIRROR_UNUSED));
  EXPECT_TRUE(CheckShows(v1::SEVERITY_PULL_FAILS));
}

TEST(Findings, FailMirrorsWhereAMirrorIsNotUsed) {
  EXPECT_EQ(MirrorsExitCode(v1::SEVERITY_INFO), 0);
  EXPECT_EQ(MirrorsExitCode(v1::SEVERITY_WARNING), 0);
  EXPECT_EQ(MirrorsExitCode(v1::SEVERITY_MIRROR_UNUSED), 1);
  EXPECT_EQ(MirrorsExitCode(v1::SEVERITY_PULL_FAILS), 1);
}

v1::MirrorsReport WithFinding(v1::NoteKind kind) {
  v1::MirrorsReport report;
  report.add_registries()->set_registry("quay.io");
  report.add_findings()->set_kind(kind);
  return report;
}

TEST(MirrorsExitCode, SaysThatMirrorsAreNotUsedUntilARestart) {
  v1::MirrorsReport report = WithFinding(v1::NOTE_KIND_RESTART_PENDING);
  EXPECT_EQ(ExitCode(report), kExitDrift);
  report.mutable_registries(0)->set_unknown("the running containerd does not tell");
  EXPECT_EQ(ExitCode(report), kExitUndecided);
}

TEST(MirrorsExitCode, SaysThatNotAllWasLookedAt) {
  EXPECT_EQ(ExitCode(WithFinding(v1::NOTE_KIND_LIMIT_EXCEEDED)), kExitUndecided);
  EXPECT_EQ(ExitCode(WithFinding(v1::NOTE_KIND_UNKNOWN_KEY)), 0);
}

}  // namespace
}  // namespace tagdrift::render
