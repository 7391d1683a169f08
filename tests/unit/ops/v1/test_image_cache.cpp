// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/image_cache.hpp"
#include "support/memory_repository.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using ops::ImageCache;
using ops::make_cached_repository;
using test::MemoryRepository;

namespace {

std::string id(char digit) {
  return std::string(64, digit);
}

V1Image image_of(char digit, std::size_t bytes) {
  V1Image image;
  image.id = id(digit);
  image.json = std::string(bytes, ' ');
  return image;
}

} // namespace

TEST_SUITE_BEGIN("ops/v1/image_cache");

TEST_CASE("an image is read once for all repositories") {
  MemoryRepository one;
  MemoryRepository other;
  one.add(id('a'), "");
  other.add(id('a'), "");
  ImageCache cache;
  const auto first = make_cached_repository(one, cache);
  const auto second = make_cached_repository(other, cache);
  CHECK(first->find_image(id('a'))->json == one.images[id('a')].json);
  CHECK(first->find_image(id('a')));
  CHECK(second->find_image(id('a'))->json == one.images[id('a')].json);
  CHECK(one.find_calls == 1);
  CHECK(other.find_calls == 0);
}

TEST_CASE("an image that was looked up is not read again") {
  MemoryRepository repository;
  repository.add(id('a'), "");
  ImageCache cache;
  const auto cached = make_cached_repository(repository, cache);
  CHECK(cached->look_up(id('b')).state == V1ImageState::absent);
  CHECK(cached->look_up(id('a')).image.json == repository.images[id('a')].json);
  repository.find_calls = 0;
  CHECK(cached->look_up(id('a')).state == V1ImageState::complete);
  CHECK(cached->find_image(id('a')));
  CHECK(repository.find_calls == 0);
}

TEST_CASE("a missing image is looked up again") {
  MemoryRepository repository;
  ImageCache cache;
  const auto cached = make_cached_repository(repository, cache);
  CHECK(!cached->find_image(id('a')));
  repository.add(id('a'), "");
  CHECK(cached->find_image(id('a')));
}

TEST_CASE("the size is bounded, and the oldest images are dropped") {
  constexpr auto k_third = ImageCache::k_limit_bytes / 3;
  ImageCache cache;
  cache.put(image_of('a', k_third));
  cache.put(image_of('b', k_third));
  cache.put(image_of('b', k_third)); // counted once
  CHECK(cache.find(id('a')));
  cache.put(image_of('c', k_third));
  CHECK(!cache.find(id('a')));
  CHECK(cache.find(id('b')));
  CHECK(cache.find(id('c')));
  auto reencoded = image_of('d', 100);
  reencoded.json_candidates = {std::string(k_third, ' '), std::string(k_third, ' ')};
  cache.put(reencoded);
  CHECK(!cache.find(id('b')));
  CHECK(!cache.find(id('c')));
  CHECK(cache.find(id('d'))->json_candidates == reencoded.json_candidates);
}

TEST_CASE("an image larger than the bound is not kept, and later images are") {
  ImageCache cache;
  cache.put(image_of('a', ImageCache::k_limit_bytes));
  CHECK(!cache.find(id('a')));
  cache.put(image_of('b', 100));
  CHECK(cache.find(id('b')));
}

TEST_SUITE_END();
