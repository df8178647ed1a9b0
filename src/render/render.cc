#include "tagdrift/render/render.h"

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "formats.h"

namespace tagdrift::render {
namespace {

/// A container counts, and its verdict makes a check fail.
bool HasDrifted(const v1::ContainerReport& container) {
  return container.decides() && (container.verdict() == v1::VERDICT_STALE || container.verdict() == v1::VERDICT_GONE);
}

/// The tags, then what containers asked for besides.
std::string Names(const v1::NodeReport& report) {
  std::string text;
  std::set<std::string> named;
  for (const v1::TagReport& tag : report.tags()) named.insert(tag.reference());
  for (const v1::TagReport& tag : report.tags()) text += tag.reference() + "\n";
  for (const v1::ContainerReport& container : report.containers()) {
    const std::string& name = container.requested_reference();
    if (container.decides() && !name.empty() && named.insert(name).second) text += name + "\n";
  }
  return text;
}

}  // namespace

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
  return Names(report);
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
  auto& containers = *report.mutable_containers();
  containers.erase(std::remove_if(containers.begin(), containers.end(), std::not_fn(HasDrifted)), containers.end());
  report.clear_empty_sandboxes();
  std::set<std::string> asked_for;
  for (const v1::ContainerReport& container : containers) {
    asked_for.insert(container.requested_reference());
    asked_for.insert(container.candidates().begin(), container.candidates().end());
  }
  auto& tags = *report.mutable_tags();
  const auto last = std::remove_if(tags.begin(), tags.end(), [&](const v1::TagReport& tag) {
    return tag.verdict() != v1::VERDICT_STALE && tag.verdict() != v1::VERDICT_GONE &&
           !asked_for.contains(tag.reference());
  });
  tags.erase(last, tags.end());
}

}  // namespace tagdrift::render
