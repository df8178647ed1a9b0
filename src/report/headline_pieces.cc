#include "headline_pieces.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

namespace tagdrift::report {
namespace {

constexpr std::size_t kLongest = 80;

bool IsGoodNews(Rank rank) { return rank >= kMeasuredBy; }

/// The forms of some pieces, by index, in a line that has `size` bytes without them. A fact counts more than a name in
/// another: first all get a place in their shortest form, then each says as much as the room allows.
std::map<std::size_t, std::string> Chosen(const std::vector<Piece>& pieces, const std::vector<std::size_t>& by_rank,
                                          std::size_t size) {
  std::map<std::size_t, std::string> chosen;
  for (const std::size_t i : by_rank) {
    const std::string shortest = std::ranges::min(pieces[i].forms, {}, &std::string::size);
    const std::size_t added = std::string_view(pieces[i].separator).size() + shortest.size();
    if (size + added > kLongest) continue;
    chosen.emplace(i, shortest);
    size += added;
  }
  for (const std::size_t i : by_rank) {
    if (!chosen.contains(i)) continue;
    std::string& form = chosen.at(i);
    const std::size_t room = kLongest - size + form.size();
    size -= form.size();
    form = *std::ranges::find_if(pieces[i].forms, [&](const std::string& longer) { return longer.size() <= room; });
    size += form.size();
  }
  return chosen;
}

}  // namespace

std::string Fit(std::string text, const std::vector<Piece>& pieces) {
  std::size_t size = text.size();
  std::map<std::size_t, std::string> chosen;
  for (const bool good : {false, true}) {
    std::vector<std::size_t> by_rank;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (!pieces[i].forms.empty() && IsGoodNews(pieces[i].rank) == good) by_rank.push_back(i);
    }
    std::ranges::stable_sort(by_rank, {}, [&](std::size_t i) { return pieces[i].rank; });
    for (auto& [i, form] : Chosen(pieces, by_rank, size)) {
      size += std::string_view(pieces[i].separator).size() + form.size();
      chosen.emplace(i, std::move(form));
    }
  }
  for (const auto& [i, form] : chosen) text += pieces[i].separator + form;
  return text;
}

}  // namespace tagdrift::report
