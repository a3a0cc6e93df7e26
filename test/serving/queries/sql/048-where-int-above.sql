-- where int above
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders > 3

-- rows of all
-- [346,97229]
-- rows of newest
-- [213,62759]
