#include "scenario.h"

#include <initializer_list>
#include <random>
#include <sstream>

namespace tagdrift::lab {
namespace {

/// Chance from a seed; the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::size_t Below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
  bool Percent(std::size_t chance) { return Below(100) < chance; }
  template <class T>
  T OneOf(std::initializer_list<T> choices) {
    return *(choices.begin() + Below(choices.size()));
  }

 private:
  std::mt19937_64 engine_;
};

using Kind = Behaviour::Kind;

Behaviour Refusing(Dice& dice) {
  Behaviour behaviour;
  behaviour.kind = Kind::kStatus;
  behaviour.status = dice.OneOf({404, 404, 404, 403, 400, 408, 410, 429, 500, 502, 503, 504});
  return behaviour;
}

Behaviour Redirecting(Dice& dice) {
  Behaviour behaviour;
  behaviour.kind = Kind::kRedirect;
  behaviour.status = dice.OneOf({301, 302, 303, 307, 308});
  return behaviour;
}

/// What the tag's HEAD says of the content, or instead of it.
Behaviour TagBehaviour(Dice& dice) {
  Behaviour behaviour;
  if (dice.Percent(45)) return behaviour;
  behaviour.slow = dice.Percent(5);
  switch (dice.Below(12)) {
    case 0:
    case 1:
      return Refusing(dice);
    case 2:
      behaviour.kind = Kind::kStatus;
      behaviour.status = dice.OneOf({300, 302, 304, 307, 405, 405, 201, 203});
      return behaviour;
    case 3:
      behaviour = Redirecting(dice);
      break;
    case 4:
      behaviour.kind = dice.OneOf({Kind::kReset, Kind::kReset, Kind::kRedirectLoop, Kind::kOversize});
      break;
    case 5:
    case 6:
      behaviour.digest = Behaviour::DigestHeader::kAbsent;
      break;
    case 7:
      behaviour.digest = dice.OneOf({Behaviour::DigestHeader::kInvalid, Behaviour::DigestHeader::kNowhere,
                                     Behaviour::DigestHeader::kOther, Behaviour::DigestHeader::kOther});
      break;
    case 8:
      behaviour.length =
          dice.OneOf({Behaviour::Length::kAbsent, Behaviour::Length::kAbsent, Behaviour::Length::kWrong});
      break;
    case 9:
      behaviour.media_type = dice.OneOf<const char*>(
          {"application/json", "application/octet-stream", "text/plain", "text/html", "-",
           "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json",
           "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
           "application/vnd.docker.distribution.manifest.v1+prettyjws",
           "application/vnd.oci.image.manifest.v1+json; charset=utf-8"});
      break;
    default:
      break;
  }
  if (dice.Percent(15)) behaviour.digest = Behaviour::DigestHeader::kAbsent;
  return behaviour;
}

/// How content is answered that was asked for by digest, or after the tag's HEAD.
Behaviour ContentBehaviour(Dice& dice, std::size_t good_percent) {
  Behaviour behaviour;
  if (dice.Percent(good_percent)) return behaviour;
  switch (dice.Below(8)) {
    case 0:
    case 1:
    case 2:
      return Refusing(dice);
    case 3:
      return Redirecting(dice);
    case 4:
      behaviour.kind = dice.OneOf({Kind::kReset, Kind::kRedirectLoop});
      return behaviour;
    case 5:
      behaviour.kind = dice.OneOf({Kind::kCut, Kind::kOther});
      return behaviour;
    case 6:
      behaviour.kind = Kind::kStatus;
      behaviour.status = dice.OneOf({302, 304, 401, 405});
      return behaviour;
    default:
      behaviour.length = Behaviour::Length::kAbsent;
      return behaviour;
  }
}

Door MakeDoor(Dice& dice) {
  Door door;
  if (dice.Percent(78)) return door;
  door.kind = dice.OneOf({Door::Kind::kToken, Door::Kind::kToken, Door::Kind::kToken, Door::Kind::kTokenRefused,
                          Door::Kind::kTokenUnusable, Door::Kind::kTokenNotEnough, Door::Kind::kTokenForbidden,
                          Door::Kind::kNoRealm, Door::Kind::kBasic, Door::Kind::kUnnamed});
  door.status = dice.OneOf({401, 403, 404, 500});
  door.content_only = dice.Percent(15);
  return door;
}

std::string MakeArtifactName(Dice& dice) {
  if (dice.Percent(75)) return dice.OneOf<const char*>({"old", "old-index", "new", "new", "new-index", "new-index"});
  return dice.OneOf<const char*>({"new-annotated", "new-docker", "new-untyped", "new-index-docker", "new-index-untyped",
                                  "new-index-annotated", "new-index-bare", "foreign", "foreign-index", "empty-index",
                                  "nested-index", "no-json"});
}

ScriptedHost MakeHost(Dice& dice) {
  ScriptedHost host;
  host.listens = !dice.Percent(4);
  host.artifact = MakeArtifactName(dice);
  host.door = MakeDoor(dice);
  host.head = TagBehaviour(dice);
  host.get = ContentBehaviour(dice, 80);
  host.documents = ContentBehaviour(dice, 75);
  host.configs = ContentBehaviour(dice, 85);
  return host;
}

std::string MakeCapabilities(Dice& dice) {
  if (dice.Percent(65)) return R"(["pull", "resolve"])";
  return dice.OneOf<const char*>(
      {"", "", R"(["pull"])", R"(["pull"])", R"(["resolve"])", R"(["push"])", "[]", R"(["pull", "resolve", "push"])"});
}

const char* Name(Behaviour::Kind kind) {
  switch (kind) {
    case Kind::kServe:
      return "serves";
    case Kind::kStatus:
      return "answers";
    case Kind::kRedirect:
      return "redirects by";
    case Kind::kRedirectLoop:
      return "redirects to itself";
    case Kind::kReset:
      return "resets";
    case Kind::kCut:
      return "cuts the body";
    case Kind::kOversize:
      return "serves too much";
    case Kind::kOther:
      return "serves other bytes";
  }
  return "";
}

const char* Name(Behaviour::DigestHeader digest) {
  switch (digest) {
    case Behaviour::DigestHeader::kRight:
      return "";
    case Behaviour::DigestHeader::kAbsent:
      return ", no digest header";
    case Behaviour::DigestHeader::kInvalid:
      return ", invalid digest header";
    case Behaviour::DigestHeader::kNowhere:
      return ", digest header of what nobody has";
    case Behaviour::DigestHeader::kOther:
      return ", digest header of another image";
  }
  return "";
}

const char* Name(Behaviour::Length length) {
  switch (length) {
    case Behaviour::Length::kRight:
      return "";
    case Behaviour::Length::kAbsent:
      return ", no length";
    case Behaviour::Length::kWrong:
      return ", wrong length";
  }
  return "";
}

const char* Name(Door::Kind kind) {
  switch (kind) {
    case Door::Kind::kOpen:
      return "open";
    case Door::Kind::kToken:
      return "for a token";
    case Door::Kind::kTokenRefused:
      return "for a token that is refused by";
    case Door::Kind::kTokenUnusable:
      return "for a token that is empty";
    case Door::Kind::kTokenNotEnough:
      return "401 in spite of a token";
    case Door::Kind::kTokenForbidden:
      return "403 in spite of a token";
    case Door::Kind::kNoRealm:
      return "for a token of nobody";
    case Door::Kind::kBasic:
      return "for a password";
    case Door::Kind::kUnnamed:
      return "401 without a challenge";
  }
  return "";
}

}  // namespace

std::string Behaviour::Text() const {
  std::string text = Name(kind);
  if (status != 0) text += " " + std::to_string(status);
  text += std::string(Name(digest)) + Name(length);
  if (!media_type.empty()) text += ", Content-Type " + media_type;
  return text + (slow ? ", slowly" : "");
}

std::string Door::Text() const {
  std::string text = Name(kind);
  if (kind == Kind::kTokenRefused) text += " " + std::to_string(status);
  return text + (kind != Kind::kOpen && content_only ? ", but for the tag's HEAD" : "");
}

std::string ScriptedHost::Text() const {
  if (!listens) return "does not listen";
  return artifact + ", " + door.Text() + "; HEAD tag " + head.Text() + "; GET tag " + get.Text() + "; document " +
         documents.Text() + "; config " + configs.Text();
}

std::string Scenario::Mark() const {
  const auto spoils = [](const Behaviour& behaviour) {
    return behaviour.kind == Kind::kCut || behaviour.kind == Kind::kOther;
  };
  for (const ScriptedHost& host : hosts) {
    if (spoils(host.documents) || spoils(host.configs)) return "of " + std::to_string(number);
  }
  return std::to_string(number / kGroupSize);
}

std::string Scenario::Text() const {
  std::ostringstream text;
  text << "scenario " << number << ": cached " << cached << "\n";
  for (std::size_t i = 0; i < hosts.size(); ++i) text << "  host " << i << ": " << hosts[i].Text() << "\n";
  return text.str();
}

Scenario MakeScenario(std::uint64_t number) {
  Dice dice(number * 0x9e3779b97f4a7c15U + 1);
  Scenario scenario;
  scenario.number = number;
  scenario.repository = "r" + std::to_string(number);
  scenario.cached = dice.OneOf<const char*>({"old", "old", "old-index", "new", "new-index"});
  const std::size_t count = 1 + dice.Below(kMostHosts);
  for (std::size_t i = 0; i < count; ++i) scenario.hosts.push_back(MakeHost(dice));
  if (dice.Percent(25)) {
    scenario.last = Scenario::Last::kOwnName;
  } else if (dice.Percent(8)) {
    scenario.last = Scenario::Last::kUnknownName;
  }
  // The last one is the server; the others come in any order, the server among them at times.
  const std::size_t server_too = count == 1 ? 80 : 15;
  for (std::size_t i = 0; i + 1 < count || (i < count && dice.Percent(server_too)); ++i) {
    const auto at = scenario.tables.begin() + static_cast<std::ptrdiff_t>(dice.Below(scenario.tables.size() + 1));
    scenario.tables.insert(at, {i, MakeCapabilities(dice), dice.Percent(8)});
  }
  scenario.server_capabilities = dice.Percent(80) ? "" : MakeCapabilities(dice);
  return scenario;
}

}  // namespace tagdrift::lab
