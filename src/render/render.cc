#include "tagdrift/render/render.h"

#include <google/protobuf/repeated_field.h>

#include <algorithm>

#include "formats.h"

namespace tagdrift::render {

std::string Render(const v1::NodeReport& report, Format format, const Style& style) {
  switch (format) {
    case Format::kTable:
      return Table(report, style, false);
    case Format::kWide:
      return Table(report, style, true);
    case Format::kJson:
      return Json(report);
    case Format::kName:
      break;
  }
  std::string names;
  for (const v1::TagReport& tag : report.tags()) names += tag.reference() + "\n";
  return names;
}

void KeepStale(v1::NodeReport& report) {
  auto& tags = *report.mutable_tags();
  const auto last = std::remove_if(tags.begin(), tags.end(), [](const v1::TagReport& tag) {
    return tag.verdict() != v1::VERDICT_STALE && tag.verdict() != v1::VERDICT_GONE;
  });
  tags.erase(last, tags.end());
}

}  // namespace tagdrift::render
