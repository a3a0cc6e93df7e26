-- where int up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders <= 3

-- rows of all
-- [531,145416]
-- rows of newest
-- [307,84437]
