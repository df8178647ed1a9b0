#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "columns.h"
#include "formats.h"
#include "words.h"

namespace tagdrift::render {
namespace {

Row ImageRow(const v1::CachedImage& image, bool wide) {
  const std::string since = image.has_cached_since() ? TimeText(image.cached_since()) : "-";
  Row row = {image.used_by_size() == 0 ? "-" : std::to_string(image.used_by_size()), ShortDigest(image.cached_digest()),
             SizeText(image.size_bytes())};
  if (wide) {
    row.insert(row.end(), {since, ShortDigest(image.image_id()), image.pinned() ? "yes" : "-"});
  } else {
    row.push_back(since.substr(0, since.find(' ')));
  }
  row.push_back(image.reference());
  return row;
}

std::string Headline(const v1::ImageList& list) {
  const auto used =
      std::ranges::count_if(list.images(), [](const v1::CachedImage& image) { return image.used_by_size() > 0; });
  if (list.images_size() == 0) return "No tags are cached on this node";
  return fmt::format("{}, {} in use, {}", Counted(static_cast<std::size_t>(list.images_size()), "tag"), used,
                     SizeText(list.size_bytes()));
}

}  // namespace

std::string ImagesTable(const v1::ImageList& list, std::size_t width, bool wide) {
  std::vector<Row> rows = {{"USED", "DIGEST", "SIZE", "SINCE"}};
  if (wide) rows[0].insert(rows[0].end(), {"IMAGE ID", "PINNED"});
  rows[0].push_back("TAG");
  for (const v1::CachedImage& image : list.images()) rows.push_back(ImageRow(image, wide));
  std::string text = Headline(list) + "\n";
  if (list.images_size() > 0) text += "\n" + Columns(rows);
  if (list.findings_size() > 0) text += "\n";
  for (const v1::Note& note : list.findings()) text += Wrap("note    ", NoteText(note), width);
  return text;
}

}  // namespace tagdrift::render
