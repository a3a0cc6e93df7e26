-- sum of doubles product
-- engine: direct

SELECT sum(distance * distance) FROM trips

-- rows of all
-- [72811.00095969]
-- rows of newest
-- [45756.77990686]
