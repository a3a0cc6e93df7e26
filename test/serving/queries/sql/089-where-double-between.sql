-- where double between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance BETWEEN 1 AND 4.5

-- rows of all
-- [434,116138]
-- rows of newest
-- [258,69542]
