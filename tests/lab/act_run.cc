#include "act_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace tagdrift::lab {

using nlohmann::json;

ActRun Act(Lab& lab, std::vector<std::string> arguments, RunOptions options) {
  arguments.insert(arguments.begin() + 1, {"-o", "json"});
  const Output output = RunTagdrift(lab, arguments, std::move(options));
  json report = json::parse(output.out, nullptr, false);
  if (report.is_discarded()) {
    ADD_FAILURE() << "exit code " << output.exit_code << "\nstdout: " << output.out << "\nstderr: " << output.err;
    report = nullptr;
  }
  return {output.exit_code, std::move(report), output.err};
}

json ActRun::Result() const {
  if (report.is_object() && report.contains("results") && report["results"].size() == 1) return report["results"][0];
  ADD_FAILURE() << "not one result: " << report.dump(2) << "\n" << err;
  return json::object();
}

json ActRun::Plan() const { return Result().value("plan", json::object()); }
json ActRun::Outcome() const { return Result().value("outcome", json::object()); }
std::string ActRun::State() const { return Outcome().value("state", ""); }

std::vector<std::string> ActRun::Refusals() const {
  std::vector<std::string> kinds;
  for (const json& refusal : Plan().value("refusals", json::array())) kinds.push_back(refusal.value("kind", ""));
  return kinds;
}

std::string Names(Lab& lab) {
  // REF TYPE DIGEST SIZE PLATFORMS LABELS: the columns before PLATFORMS hold no spaces, but for the size.
  std::istringstream lines(lab.containerd().Ctr({"images", "list"}));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string type;
    std::string digest;
    if (words >> name >> type >> digest && name != "REF") names.push_back(name + " " + type + " " + digest);
  }
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

}  // namespace tagdrift::lab
