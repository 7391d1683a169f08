// SPDX-License-Identifier: Apache-2.0
#include "ops/places/pairing.hpp"

#include "ops/places/oci_side.hpp"
#include "ops/places/part_of.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace regctl::ops {

namespace {

using Names = std::vector<std::string>;

/// The one repository to which an end is limited, and its tag.
struct Lone {
  std::string name;
  std::optional<std::string> tag;
};

/// Nothing for an end of many repositories. A layout or an archive of OCI images is one, whose name
/// is its path.
std::optional<Lone> find_lone(const Endpoint& end) {
  if (const auto* reference = end.reference()) {
    return Lone{reference->name, reference->tag};
  }
  return end.place && end.place->has_entries()
             ? std::optional(Lone{end.place->path, end.place->entry})
             : std::nullopt;
}

void check_end(const Endpoint& endpoint) {
  refuse_digest(endpoint);
  const bool is_known = endpoint.host || endpoint.place->kind == Place::Kind::registry ||
                        endpoint.place->is_storage() || endpoint.place->has_entries() ||
                        endpoint.place->kind == Place::Kind::docker_archive;
  if (!is_known) {
    throw Error(ErrorKind::unsupported, "cannot look at the tags of " + endpoint.to_string(),
                "name a registry, v1-storage:DIR, v2-storage:DIR, oci:DIR, oci-archive:FILE or "
                "docker-archive:FILE");
  }
}

void check(const Scope& scope) {
  check_end(scope.a);
  if (!scope.b) {
    return;
  }
  check_end(*scope.b);
  const auto a = find_lone(scope.a);
  const auto b = find_lone(*scope.b);
  if (b && !a) {
    throw Error(ErrorKind::usage,
                scope.b->to_string() + " is one repository, and " + scope.a.to_string() +
                    " are many",
                scope.b->reference() != nullptr
                    ? "name a registry (HOST[:PORT]) or a namespace (HOST[:PORT]/NAMESPACE/)"
                    : "name one repository: HOST[:PORT]/NAME");
  }
  if (b && b->tag && !a->tag) {
    throw Error(ErrorKind::usage,
                scope.b->to_string() + " is one tag, and " + scope.a.to_string() + " are many");
  }
  if (!b && scope.a.reference() == nullptr && a) {
    throw Error(ErrorKind::usage,
                scope.a.to_string() + " is one repository without a name, and " +
                    scope.b->to_string() + " are many",
                "name one of those: HOST[:PORT]/NAME");
  }
}

std::unique_ptr<Side> open_end(Session& session, const Endpoint& end) {
  return end.place && end.place->has_entries() ? make_oci_images_side(session, *end.place)
                                               : open_source(session, end);
}

std::string name_at_b(const Scope& scope, const std::string& name) {
  const auto b = find_lone(*scope.b);
  return b ? b->name : with_namespace(scope.b->name_space, name);
}

/// Nothing if the side cannot be listed.
std::optional<Names> try_to_list(Side& side, const InScope& is_in_scope) {
  try {
    return side.repositories(is_in_scope);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) {
      throw;
    }
    return std::nullopt;
  }
}

/// Keeps the names below the namespace, without its part.
void keep_below(Names& names, const std::string& name_space) {
  std::erase_if(names, [&](const auto& name) { return !is_below(name_space, name); });
  for (auto& name : names) {
    name = without_namespace(name_space, name);
  }
}

/// A namespace that is empty on the side where the user named it is a mistake.
void check_namespace(const Side& side, const std::string& name_space,
                     const std::optional<Names>& names) {
  if (names && !name_space.empty() &&
      std::none_of(names->begin(), names->end(),
                   [&](const auto& name) { return is_below(name_space, name); })) {
    throw_no_namespace(side, name_space, *names);
  }
}

/// Whether the scope has a repository of this name at A.
bool is_wanted(const Scope& scope, const std::string& name) {
  return is_below(scope.a.name_space, name) && scope.repositories.takes(name);
}

/// The names of all repositories of both sides, under their names at A.
Names list_names(Session& session, const Scope& scope, Side& a, Side* b) {
  auto names = try_to_list(a, [&](const std::string& name) { return is_wanted(scope, name); });
  auto others = b == nullptr ? std::nullopt : try_to_list(*b, [&](const std::string& name) {
    const auto& name_space = scope.b->name_space;
    return is_below(name_space, name) && is_wanted(scope, without_namespace(name_space, name));
  });
  check_namespace(a, scope.a.name_space, names);
  if (!names && !others) {
    throw Error(ErrorKind::unsupported,
                "search is off at " + a.describe() + ", and the registry has no other listing",
                "name one repository: HOST[:PORT]/NAME");
  }
  if (b != nullptr && (!names || !others)) {
    const auto& silent = names ? *b : a;
    session.progress().note(silent.describe() +
                            " has no listing: repositories that are only there are not seen");
  }
  if (others) {
    keep_below(*others, scope.b->name_space);
  }
  Names all;
  const Names none;
  const auto& one = names ? *names : none;
  const auto& other = others ? *others : none;
  std::set_union(one.begin(), one.end(), other.begin(), other.end(), std::back_inserter(all));
  return all;
}

} // namespace

void Problems::add(const std::exception_ptr& problem) {
  ++number;
  if (!first) {
    first = problem;
  } else if (explain(first).kind != explain(problem).kind) {
    have_one_cause = false;
  }
}

std::string_view to_string(Difference difference) noexcept {
  switch (difference) {
  case Difference::missing:
    return "missing";
  case Difference::extra:
    return "extra";
  case Difference::different:
    return "different";
  case Difference::unreadable:
    break;
  }
  return "unreadable";
}

std::optional<Difference> find_difference(const PairedTag& tag) {
  if ((tag.is_at_a && !tag.a) || (tag.is_at_b && !tag.b)) {
    return Difference::unreadable;
  }
  if (!tag.is_at_b) {
    return Difference::missing;
  }
  if (!tag.is_at_a) {
    return Difference::extra;
  }
  return tag.a == tag.b ? std::nullopt : std::optional(Difference::different);
}

Pairing::Pairing(Session& session, const Scope& scope) : session_(session), scope_(scope) {
  check(scope);
  a_ = open_end(session, scope.a);
  if (scope.b) {
    b_ = open_end(session, *scope.b);
  }
  if (auto lone = find_lone(scope.a)) {
    names_ = {std::move(lone->name)};
    return;
  }
  names_ = list_names(session, scope, *a_, b_.get());
  const bool are_none = names_.empty();
  std::erase_if(names_, [&](const std::string& name) { return !is_wanted(scope, name); });
  if (names_.empty()) {
    const auto where = a_->describe() + (b_ ? " and " + b_->describe() : "");
    session.progress().note(are_none ? "there are no repositories in " + where
                                     : "the filters leave out every repository of " + where);
  }
}

std::vector<PairedRepository> Pairing::next() {
  if (!find_lone(scope_.a)) {
    session_.progress().standing(part_of(next_, names_.size(), "repository", "repositories"),
                                 static_cast<double>(next_) /
                                     static_cast<double>(std::max<std::size_t>(names_.size(), 1)));
  }
  std::vector<PairedRepository> repositories;
  for (; next_ < names_.size() && repositories.size() < k_at_once; ++next_) {
    auto& repository = repositories.emplace_back();
    repository.name = names_[next_];
    repository.name_at_b = scope_.b ? name_at_b(scope_, repository.name) : "";
  }
  run_parallel(session_.jobs(), repositories.size(), [&](std::size_t i) {
    try {
      read_tags(repositories[i]);
    } catch (const Error& error) {
      const bool is_whole = find_lone(scope_.a).has_value(); // nothing remains to be compared then
      if (error.kind() == ErrorKind::interrupted || is_whole) {
        throw;
      }
      repositories[i].problem = std::current_exception();
    }
  });
  if (next_ == names_.size()) {
    note_tagless();
  }
  return repositories;
}

/// Notes repositories without tags. They are no difference, but often remnants of failed pushes.
void Pairing::note_tagless() {
  const auto note = [&](Side* side, std::set<std::string>& names) {
    if (side != nullptr && !names.empty()) {
      const auto* are =
          names.size() == 1 ? " repository has no tag at " : " repositories have no tag at ";
      session_.progress().note(
          std::to_string(names.size()) + are + side->describe() +
          ", as a push that failed leaves it: " + first_names({names.begin(), names.end()}));
    }
    names.clear(); // note each only once
  };
  note(a_.get(), tagless_at_a_);
  note(b_.get(), tagless_at_b_);
}

void Pairing::read_tags(PairedRepository& repository) {
  auto at_a = a_->tags(repository.name);
  auto at_b = b_ ? b_->tags(repository.name_at_b) : std::nullopt;
  const auto lone = find_lone(scope_.a);
  if (lone && !at_a) {
    throw_no_repository(*a_, repository.name);
  }
  if (!at_a && !at_b) { // a search index may name repositories deleted since
    session_.progress().note("there is no repository " + repository.name +
                             ", although it is "
                             "listed");
  }
  {
    const std::lock_guard lock(mutex_);
    if (at_a && at_a->empty()) {
      tagless_at_a_.insert(repository.name);
    }
    if (at_b && at_b->empty()) {
      tagless_at_b_.insert(repository.name_at_b);
    }
  }
  const auto named = lone ? lone->tag : std::nullopt;
  if (named && !at_a->contains(*named)) {
    throw Error(ErrorKind::not_found,
                scope_.a.reference() != nullptr
                    ? "there is no tag " + a_->describe() + "/" + repository.name + ":" + *named
                    : "there is no image " + *named + " in " + a_->describe());
  }
  const auto other = scope_.b ? find_lone(*scope_.b) : std::nullopt;
  const auto named_at_b = named && other ? other->tag.value_or(*named) : named;
  // Only tags in the scope are identified, since each may take a request.
  const auto is_taken = [&](const std::string& tag) {
    return scope_.tags.takes(repository.name, tag);
  };
  if (at_a) {
    at_a->keep([&](const auto& tag) { return (!named || tag == *named) && is_taken(tag); });
    for (const auto& [tag, identity] : at_a->identify_all()) {
      auto& paired = repository.tags[tag];
      paired.is_at_a = true;
      paired.a = identity;
    }
  }
  if (at_b) {
    at_b->keep([&](const auto& tag) {
      return named ? tag == *named_at_b && is_taken(*named) : is_taken(tag);
    });
    for (const auto& [tag, identity] : at_b->identify_all()) {
      auto& paired = repository.tags[named.value_or(tag)]; // under its name at A
      paired.is_at_b = true;
      paired.b = identity;
    }
  }
}

} // namespace regctl::ops
