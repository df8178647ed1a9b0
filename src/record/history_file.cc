#include "tagdrift/record/history_file.h"

#include <utility>
#include <vector>

#include "document.h"
#include "round_fields.h"

namespace tagdrift::record {
namespace {

constexpr Format kHistoryFormat = {.name = "tagdrift history", .version = 1, .oldest = 1};

struct File {
  Histories tags;
};

void Fields(auto& archive, Of<File> auto& file) { archive("tags", file.tags); }

}  // namespace

std::string Write(const Histories& histories) { return WriteDocument(kHistoryFormat, ToJson(File{histories})); }

absl::StatusOr<Histories> ReadHistories(std::string_view text) {
  auto file = ReadBody<File>(kHistoryFormat, text);
  if (!file.ok()) return file.status();
  return std::move(file->tags);
}

}  // namespace tagdrift::record
