-- where int above
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders > 3

-- rows of all
-- [369,104257]
-- rows of newest
-- [226,66468]
