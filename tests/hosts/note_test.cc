#include "tagdrift/hosts/note.h"

#include <gtest/gtest.h>

namespace tagdrift::hosts {
namespace {

TEST(SeverityOf, GradesByWhatBecomesOfAPull) {
  EXPECT_EQ(SeverityOf(NoteKind::kFileIgnored), Severity::kMirrorUnused);
  EXPECT_EQ(SeverityOf(NoteKind::kLegacyMirrorsIgnored), Severity::kMirrorUnused);
  EXPECT_EQ(SeverityOf(NoteKind::kCertificateUnreadable), Severity::kPullFails);
  EXPECT_EQ(SeverityOf(NoteKind::kUnreadable), Severity::kWarning);
  EXPECT_EQ(SeverityOf(NoteKind::kProxiesUnknown), Severity::kWarning);
  EXPECT_EQ(SeverityOf(NoteKind::kUnknownKey), Severity::kInfo);
}

TEST(SeverityOf, CountsAnUnknownCapabilityAsAnUnusedMirrorSinceItKillsTheFile) {
  EXPECT_EQ(SeverityOf(NoteKind::kUnknownCapability), Severity::kMirrorUnused);
}

}  // namespace
}  // namespace tagdrift::hosts
