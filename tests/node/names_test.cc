#include "node/names.h"

#include <gtest/gtest.h>

#include "values.h"

namespace tagdrift::node {
namespace {

struct Case {
  const char* name;
  std::string text;
  NameKind kind;
  std::string key;
};

TEST(Names, TellWhatARecordNameIs) {
  const std::string digest = IdOf('a');
  const Case cases[] = {
      {"tag", "docker.io/library/nginx:1", NameKind::kTag, "docker.io/library/nginx:1"},
      {"registry with port", "registry:5000/app:1", NameKind::kTag, "registry:5000/app:1"},
      {"digest", "r.io/app@" + digest, NameKind::kDigest, "r.io/app@" + digest},
      {"tag and digest", "r.io/app:1@" + digest, NameKind::kDigest, "r.io/app@" + digest},
      {"image id", digest, NameKind::kImageId, ""},
      {"bare id", std::string(64, 'a'), NameKind::kImageId, ""},
      {"short name", "nginx:1", NameKind::kShort, "docker.io/library/nginx:1"},
      {"no tag", "r.io/app", NameKind::kShort, "r.io/app:latest"},
      {"short digest name", "nginx@" + digest, NameKind::kShort, "docker.io/library/nginx@" + digest},
      {"blank", "", NameKind::kMalformed, ""},
      {"dockershim's none", "<none>:<none>", NameKind::kMalformed, ""},
      {"upper case repository", "r.io/App:1", NameKind::kMalformed, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Name name = ReadName(c.text);
    EXPECT_EQ(name.kind, c.kind);
    EXPECT_EQ(name.reference ? KeyOf(*name.reference) : "", c.key);
  }
}

TEST(PairByLists, TakesTheDigestInTheName) {
  const CriImage image = Image('c', {}, {"r/app@" + IdOf('1'), "r/app@" + IdOf('2')});
  EXPECT_EQ(PairByLists(image, Ref("r.io/app@" + IdOf('2'))).target, DigestOf('2'));
}

TEST(PairByLists, TakesTheOnlyDigestOfTheRepository) {
  const CriImage image = Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('1'), "r.io/other@" + IdOf('2')});
  const Pairing pairing = PairByLists(image, Ref("r.io/app:1"));
  EXPECT_EQ(pairing.target, DigestOf('1'));
  EXPECT_TRUE(pairing.candidates.empty());
}

TEST(PairByLists, LeavesSeveralDigestsOfTheRepositoryOpen) {
  const CriImage image =
      Image('c', {"r.io/app:1"}, {"r.io/app@" + IdOf('2'), "r.io/app@" + IdOf('1'), "r.io/other@" + IdOf('3')});
  const Pairing pairing = PairByLists(image, Ref("r.io/app:1"));
  EXPECT_EQ(pairing.target, std::nullopt);
  EXPECT_EQ(pairing.candidates, (std::vector{DigestOf('1'), DigestOf('2')}));
}

TEST(PairByLists, OffersOtherRepositoriesDigestsForARetaggedImage) {
  const CriImage image = Image('c', {"r.io/mine:1", "r.io/app:1"}, {"r.io/app@" + IdOf('1')});
  const Pairing pairing = PairByLists(image, Ref("r.io/mine:1"));
  EXPECT_EQ(pairing.target, std::nullopt);
  EXPECT_EQ(pairing.candidates, std::vector{DigestOf('1')});
}

}  // namespace
}  // namespace tagdrift::node
