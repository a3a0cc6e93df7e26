-- where int up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders <= 3

-- rows of all
-- [554,154810]
-- rows of newest
-- [329,93095]
