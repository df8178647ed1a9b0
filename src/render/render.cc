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

std::string Render(const v1::MirrorsReport& report, Format format, const Style& style) {
  switch (format) {
    case Format::kTable:
      return MirrorsTable(report, style.width, false);
    case Format::kWide:
      return MirrorsTable(report, style.width, true);
    case Format::kJson:
      return Json(report);
    case Format::kName:
      break;
  }
  std::string names;
  for (const v1::RegistryReport& registry : report.registries()) names += registry.registry() + "\n";
  return names;
}

std::string Render(const v1::ImageList& list, Format format, const Style& style) {
  switch (format) {
    case Format::kTable:
      return ImagesTable(list, style.width, false);
    case Format::kWide:
      return ImagesTable(list, style.width, true);
    case Format::kJson:
      return Json(list);
    case Format::kName:
      break;
  }
  std::string names;
  for (const v1::CachedImage& image : list.images()) names += image.reference() + "\n";
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
