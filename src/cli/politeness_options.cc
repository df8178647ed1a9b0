#include "politeness_options.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"

namespace tagdrift::cli {
namespace {

constexpr int kMaxConcurrency = 250;
constexpr double kMaxRate = 10000;
constexpr std::size_t kMaxContact = 200;

// It goes into a header line, within a comment.
bool IsPlain(char c) { return c > 0x20 && c < 0x7f && c != '(' && c != ')' && c != '\\' && c != '"'; }

void ReadContact(PolitenessOptions& options, const std::string& text) {
  if (text.empty() || text.size() > kMaxContact || !std::all_of(text.begin(), text.end(), IsPlain)) {
    throw CLI::ValidationError("--contact",
                               "'" + text + "' is no URL or mail address; write it without spaces, in ASCII");
  }
  options.contact = text;
}

/// CLI11's ranges take what is no number, since it is neither below nor above them.
std::string NanTrouble(const std::string& text) {
  double number = 0;
  const bool is_nan = absl::SimpleAtod(text, &number) && std::isnan(number);
  return is_nan ? "'" + text + "' is no number" : "";
}

}  // namespace

void AddPolitenessOptions(CLI::App& command, PolitenessOptions& options) {
  const std::string group = "Registries";
  command
      .add_option("--max-concurrency", options.politeness.concurrency,
                  "Requests under way at each registry host [250 by HTTP/2, 8 connections by HTTP/1.1]")
      ->check(CLI::Range(1, kMaxConcurrency))
      ->type_name("N")
      ->group(group);
  command
      .add_option("--max-rate", options.politeness.requests_per_second,
                  "Requests a second to each registry host; what is too much waits [no limit but the registry's]")
      ->check(CLI::Range(0.01, kMaxRate))
      ->check(NanTrouble)
      ->type_name("N")
      ->group(group);
  command
      .add_option_function<std::string>(
          "--contact", [&options](const std::string& text) { ReadContact(options, text); },
          "URL or mail address sent in User-Agent, for the registry's operator")
      ->type_name("TEXT")
      ->group(group);
}

std::string UserAgent(const PolitenessOptions& options) {
  const std::string name = std::string("tagdrift/") + TAGDRIFT_VERSION;
  return options.contact.empty() ? name : name + " (+" + options.contact + ")";
}

}  // namespace tagdrift::cli
