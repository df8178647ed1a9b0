#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tagdrift/image/reference.h"

namespace tagdrift::image {
namespace {

std::string VectorsFile() {
  const char* folder = std::getenv("TAGDRIFT_VECTORS");
  const bool given = folder != nullptr && *folder != '\0';
  return std::string(given ? folder : TAGDRIFT_TEST_DATA "/vectors") + "/references.jsonl";
}

void Check(const nlohmann::json& row) {
  const absl::StatusOr<Reference> reference = Reference::Parse(row.at("input").get<std::string>());
  if (row.contains("error")) {
    ASSERT_FALSE(reference.ok()) << "parsed to " << reference->Canonical();
    EXPECT_EQ(reference.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(reference.status().message(), row.at("error").get<std::string>());
    return;
  }
  ASSERT_TRUE(reference.ok()) << reference.status();
  EXPECT_EQ(reference->registry(), row.at("registry").get<std::string>());
  EXPECT_EQ(reference->repository(), row.at("repository").get<std::string>());
  EXPECT_EQ(reference->tag().value_or(""), row.value("tag", ""));
  EXPECT_EQ(reference->digest() ? reference->digest()->text() : "", row.value("digest", ""));
  EXPECT_EQ(reference->Canonical(), row.at("canonical").get<std::string>());
  EXPECT_EQ(reference->Familiar(), row.at("familiar").get<std::string>());
}

TEST(ReferenceVectors, AgreeWithContainerd) {
  const std::string path = VectorsFile();
  std::ifstream file(path);
  ASSERT_TRUE(file.is_open()) << path << " cannot be opened";
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    ++rows;
    SCOPED_TRACE(path + ":" + std::to_string(rows) + ": " + line);
    const nlohmann::json row = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(row.is_object() && row.contains("input")) << "not a vector";
    Check(row);
  }
  EXPECT_GT(rows, 0u) << path << " has no vectors";
}

}  // namespace
}  // namespace tagdrift::image
